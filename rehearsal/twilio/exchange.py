"""The telephone exchange: every call, number and recording, and the tasks that run them."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from . import call_request
from .account import Account, Number
from .call import Call, Clock, new_sid
from .call_request import CallRequest
from .fault import CALL, CREATE, TRANSFER, Faults
from .phone_call import PhoneCall
from .phoned import Phoned, Scripted
from .problem import server_error, too_many_requests
from .recorder import Recorder
from .scenarios import Scenarios
from .softphone import Caller, Softphone
from .webhook import Webhooks

SOFTPHONE = "softphone"
"""In the place of a scenario's name."""


class Exchange:
    """Places calls and keeps what becomes of them.

    Args:
        account: Its one customer.
        scenarios: Who answers.
        voices: The folder of clips.
        recordings: The folder for recordings.
        softphone: Rings for every number that no scenario has; without one the default scenario
            answers a call to it, and a transfer to it rings in vain.
    """

    def __init__(
        self,
        account: Account,
        scenarios: Scenarios,
        voices: Path,
        recordings: Path,
        softphone: Softphone | None = None,
    ) -> None:
        self.account = account
        self.token = account.token
        self.softphone = softphone
        self._voices = voices
        self.clock = Clock()
        self.webhooks = Webhooks(account.token, self.clock)
        self.recorder = Recorder(recordings, account.sid, self.clock)
        self.faults = Faults()
        self.calls: dict[str, PhoneCall] = {}
        numbers = (Number(account.sid, number) for number in sorted(account.numbers))
        self.numbers = {number.sid: number for number in numbers}
        self._scenarios = scenarios
        self._tasks: set[asyncio.Task[Any]] = set()

    async def place(self, form: call_request.Form) -> Call:
        """Take a call on and begin to dial.

        Raises:
            Problem: it is refused, or Twilio has trouble of its own by order.
        """
        struck = self.faults.take(CREATE)
        if "create_slow" in struck:
            await asyncio.sleep(float(struck["create_slow"].get("seconds", 5.0)))
        if "create_429" in struck:
            raise too_many_requests()
        if "create_500" in struck:
            raise server_error()
        request = call_request.parse(form, self.account.numbers)
        faults = self.faults.take(CALL)
        call = self._dial(request, faults)
        if "create_500_after" in faults:
            raise server_error()
        return call

    async def transferring(self) -> None:
        """Somebody wants a live call to do something else.

        Raises:
            Problem: it does not, by order.
        """
        struck = self.faults.take(TRANSFER)
        if "transfer_hangs" in struck:
            await asyncio.sleep(float(struck["transfer_hangs"].get("seconds", 5.0)))
            raise server_error()

    def _dial(self, request: CallRequest, faults: dict[str, dict[str, Any]]) -> Call:
        if self.softphone is not None and self._scenarios.known(request.to) is None:
            return self._begin(request, faults, SOFTPHONE, None)
        name, scenario = self._scenarios.answering(request.to)
        return self._begin(request, faults, name, Scripted(scenario.callee, self._voices))

    def ring(self, caller: str, called: str, scenario: str | None = None) -> Call:
        """Have somebody phone one of the account's numbers.

        Args:
            scenario: whose caller it is; by default, who has that number.

        Raises:
            NotConnectedError: nothing answers there.
            LookupError: no such number, or no such scenario.
        """
        for number in self.numbers.values():
            if number.phone_number == called:
                break
        else:
            raise LookupError(f"{called} is no number of this account")
        name, who = self._scenarios.calling(caller, scenario)
        phoned = Scripted(who.callee, self._voices)
        return self._begin(number.incoming(caller), self.faults.take(CALL), name, phoned)

    def _begin(
        self,
        request: CallRequest,
        faults: dict[str, dict[str, Any]],
        name: str,
        scripted: Phoned | None,
    ) -> Call:
        now = self.clock.now()
        call = Call(new_sid("CA"), self.account.sid, request, now, name)
        call.events.add(now, "created", {"scenario": name, "faults": sorted(faults)})
        phoned = scripted or self._at_softphone(request.to, call)
        self.calls[call.sid] = PhoneCall(call, phoned, self, faults)
        self.background(self.calls[call.sid].run())
        return call

    def phoned(self, number: str, by: Call) -> Phoned | None:
        """Who has that number, for somebody who is in that call; None: nobody."""
        if (found := self._scenarios.known(number)) is not None:
            return Scripted(found[1].callee, self._voices)
        return None if self.softphone is None else self._at_softphone(number, by)

    def _at_softphone(self, number: str, by: Call) -> Phoned:
        assert self.softphone is not None
        return self.softphone.phoned(Caller(by.sid, by.request.from_, number))

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something that no call waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every call where it stands, tell nobody, and leave no task or socket."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.close()
