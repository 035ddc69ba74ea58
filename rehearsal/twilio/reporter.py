"""One call's ways to the product and to its own event log."""

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from . import parameter
from .call import Call, Clock
from .call_request import Address
from .phoned import Phoned
from .recorder import Recorder
from .webhook import Answer, WebhookError, Webhooks


class Network(Protocol):
    """What a call needs of the exchange that it runs on."""

    clock: Clock
    webhooks: Webhooks
    recorder: Recorder
    token: str

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something that no call waits for."""

    def phoned(self, number: str, by: Call) -> Phoned | None:
        """Who has that number, for somebody who is in that call; None: nobody."""


class Reporter:
    """Notes, asks and tells, on behalf of one call.

    Args:
        call: The call.
        network: The exchange that it runs on.
        faults: Misfortunes that travel with the call; name to details.
    """

    def __init__(
        self, call: Call, network: Network, faults: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.call = call
        self.faults = faults
        self._network = network

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._network.clock.now()

    def note(self, event: str, **detail: Any) -> None:
        """Log an event, now."""
        self.call.events.add(self.now(), event, detail)

    async def ask(self, address: Address, more: Mapping[str, str]) -> Answer:
        """Fetch instructions.

        Raises:
            WebhookError: there are none to be had.
        """
        parameters = parameter.of_call(self.call) | dict(more)
        return await self._network.webhooks.send(self.call, self.faults, address, parameters)

    async def fetch(self, url: str) -> bytes:
        """Get a file.

        Raises:
            WebhookError: it is not to be had.
        """
        status, data = await self._network.webhooks.fetch(url)
        if status != 200:
            raise WebhookError(11200, f"the file of <Play> answered {status}")
        return data

    def tell(self, address: Address, parameters: Mapping[str, str]) -> None:
        """Send a callback in the background; the call does not wait for it."""
        self._network.background(self._send(address, parameters))

    def tell_status(self, event: str) -> None:
        """Send a status callback, if this event was asked for."""
        callback = self.call.request.status_callback
        if callback is not None and event in self.call.request.status_events:
            self.tell(callback, parameter.of_status(self.call, event, self.now()))

    async def _send(self, address: Address, parameters: Mapping[str, str]) -> None:
        try:
            await self._network.webhooks.send(self.call, self.faults, address, parameters)
        except WebhookError as error:
            self.note("error", code=error.code, message=str(error))
