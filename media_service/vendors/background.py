"""A voice on a WebSocket that connects behind the call's back, within a deadline, and once more
when the connection breaks: what was asked of the old one and has not sounded is asked of the new.

Pipecat's connect while the pipeline is set up, and hold everything behind them until they have; a
vendor that hangs would so keep the agent from speaking at all. (mypy: half of Pipecat has no
annotations, and its processors narrow the argument of ``setup`` as we do.)
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from typing import Any

from pipecat.frames.frames import Frame, TTSAudioRawFrame, TTSSpeakFrame, TTSStoppedFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.services.tts_service import WebsocketTTSService

from media_service.frames import BrokenOffFrame
from media_service.phone.utterance import Utterance

CONNECT_SECONDS = 2.0
PAUSE_SECONDS = 0.2
"""Before a connection that broke is made anew: whoever breaks them breaks a new one too, for a
moment. A phone has more than that in hand."""


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
        self._asked: dict[str, Utterance] = {}
        """By Pipecat's context id, until all of its sound has come."""

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

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """See Pipecat; and remember what is asked for."""
        self._asked.setdefault(context_id, Utterance()).add_text(text)
        async for frame in super().run_tts(text, context_id):
            yield frame

    async def append_to_audio_context(self, context_id: str | None, frame: Any) -> None:
        """See Pipecat; and remember how much of it has come."""
        if isinstance(frame, TTSAudioRawFrame) and context_id in self._asked:
            self._asked[context_id].add_sound(len(frame.audio))
        await super().append_to_audio_context(context_id, frame)

    async def remove_audio_context(self, context_id: str | None) -> None:
        """See Pipecat; all of it has come."""
        self._asked.pop(context_id or "", None)
        await super().remove_audio_context(context_id)

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        """See Pipecat; nobody waits for the rest."""
        self._asked.clear()
        await super().on_audio_context_interrupted(context_id)

    async def _reconnect_websocket(self, attempt_number: int) -> bool:
        # Nothing can be told to the one that broke, and to try is an error.
        self._websocket = None
        left = " ".join([await self._break_off(each) for each in tuple(self._asked)]).strip()
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                well = await super()._reconnect_websocket(attempt_number)
        except TimeoutError as error:
            await self.push_error("no connection within the deadline", exception=error)
            raise
        if left:
            await self.queue_frame(TTSSpeakFrame(left))
        return well

    async def _break_off(self, context_id: str) -> str:
        # The vendor will not say any more that it has stopped.
        for frame in (
            BrokenOffFrame(context_id=context_id),
            TTSStoppedFrame(context_id=context_id),
        ):
            await self.append_to_audio_context(context_id, frame)
        return self._asked.pop(context_id).break_off()

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
