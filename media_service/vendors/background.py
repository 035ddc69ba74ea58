"""A voice on a WebSocket that connects behind the call's back, within a deadline.

Pipecat's connect while the pipeline is set up, and hold everything behind them until they have; a
vendor that hangs would so keep the agent from speaking at all. (mypy: half of Pipecat has no
annotations, and its processors narrow the argument of ``setup`` as we do.)
"""

import asyncio
import ssl
from typing import Any

from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.services.tts_service import WebsocketTTSService

CONNECT_SECONDS = 2.0


class Background(WebsocketTTSService):
    """Goes before the vendor's class.

    Args:
        tls: the process's; making one takes 35 ms of the event loop.
        standby: connect only once there is something to say.
    """

    def __init__(self, *, tls: ssl.SSLContext, standby: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tls = tls
        self._standby = standby
        self._one_at_a_time = asyncio.Lock()
        self._opening: asyncio.Task[None] | None = None

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        """Set up, and connect in the background."""
        await WebsocketTTSService.setup(self, setup)
        if not self._standby:
            self._opening = self.create_task(self._connect())

    async def cleanup(self) -> None:
        """Release everything."""
        if self._opening:
            await self.cancel_task(self._opening)
            self._opening = None
        await super().cleanup()  # type: ignore[no-untyped-call]

    async def _connect(self) -> None:
        # The first words come while the connection is being made, and wait here for it.
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await super()._connect()  # type: ignore[no-untyped-call]
            except TimeoutError as error:
                await self.push_error("no connection within the deadline", exception=error)

    async def _websocket_connect(self, uri: str, **kwargs: Any) -> Any:
        if uri.startswith("wss:"):
            kwargs.setdefault("ssl", self._tls)
        return await super()._websocket_connect(uri, **kwargs)
