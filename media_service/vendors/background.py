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

from pipecat.frames.frames import Frame, TTSAudioRawFrame, TTSStoppedFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.services.tts_service import TTSService, WebsocketTTSService
from pipecat.services.websocket_service import WebsocketService
from websockets.protocol import State

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
        self._mending = False
        self._waiting = False
        """Something was asked for while there was no connection."""
        self._asked: dict[str, Utterance] = {}
        """By Pipecat's context id, until all of its sound has come."""
        self._whole: set[str] = set()
        """Those of which no more words come."""

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
        """See Pipecat; and remember what is asked for, until all of its sound has come.

        While no connection is there, that is all: the next one is asked for it.
        """
        self._asked.setdefault(context_id, Utterance()).add_text(text)
        if self._broken:
            self._waiting = True
            return
        async for frame in super().run_tts(text, context_id):
            yield frame

    async def flush_audio(self, context_id: str | None = None) -> None:
        """See Pipecat; and remember of what all words are known."""
        self._whole.update(each for each in self._asked if context_id in (None, each))
        if not self._broken:
            await super().flush_audio(context_id)

    async def append_to_audio_context(self, context_id: str | None, frame: Any) -> None:
        """See Pipecat; and remember how much of it has come."""
        if isinstance(frame, TTSAudioRawFrame) and context_id in self._asked:
            self._asked[context_id].add_sound(len(frame.audio))
        await super().append_to_audio_context(context_id, frame)

    async def remove_audio_context(self, context_id: str | None) -> None:
        """See Pipecat; all of it has come."""
        self._asked.pop(context_id or "", None)
        self._whole.discard(context_id or "")
        await super().remove_audio_context(context_id)

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        """See Pipecat; nobody waits for the rest."""
        self._asked.clear()
        self._whole.clear()
        if self._broken:
            await TTSService.on_audio_context_interrupted(self, context_id)
        else:
            await super().on_audio_context_interrupted(context_id)

    @property
    def _broken(self) -> bool:
        """Whether the connection has ended and no other is there. Who receives mends it."""
        return self._mending or bool(self._websocket and self._websocket.state is not State.OPEN)

    async def _reconnect_websocket(self, attempt_number: int) -> bool:
        self._mending = True
        # Nothing can be told to the one that broke, and to try is an error.
        self._websocket = None
        try:
            await asyncio.sleep(PAUSE_SECONDS)
            async with asyncio.timeout(CONNECT_SECONDS):
                # Not Pipecat's for voices: that ends what is being said.
                well = await WebsocketService._reconnect_websocket(self, attempt_number)
        except TimeoutError as error:
            await self.push_error("no connection within the deadline", exception=error)
            raise
        finally:
            self._mending = False
        await self._ask_again()
        return well

    async def _connect_websocket(self) -> None:
        await super()._connect_websocket()  # type: ignore[safe-super, no-untyped-call]
        # Some vendors' classes themselves make anew what was closed for idleness.
        if self._waiting and self._websocket and not self._mending:
            await self._ask_again()

    async def _ask_again(self) -> None:
        """Have the rest said of whatever has not sounded to its end."""
        self._waiting = False
        for context_id, asked in tuple(self._asked.items()):
            if left := asked.left:
                await self.tts_process_generator(context_id, super().run_tts(left, context_id))
                if context_id in self._whole:
                    await super().flush_audio(context_id)
            elif context_id in self._whole:
                # The vendor will not say any more that it has stopped.
                await self.append_to_audio_context(
                    context_id, TTSStoppedFrame(context_id=context_id)
                )
                await self.remove_audio_context(context_id)

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
