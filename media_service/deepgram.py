"""Deepgram's two services as a call needs them: they connect behind its back, within a deadline.

Pipecat's connect while the pipeline is set up, and hold everything behind them until they have; a
vendor that hangs would so keep the agent from speaking at all. (mypy: half of Pipecat has no
annotations, and its processors narrow the argument of ``setup`` as we do.)
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.listen.v1.types import ListenV1Finalize
from pipecat.frames.frames import Frame, VADUserStoppedSpeakingFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.deepgram.tts import DeepgramTTSService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import WebsocketTTSService

CONNECT_SECONDS = 2.0
RESULT_SECONDS = 2.0
"""From `Finalize` to any message at all; Deepgram sends interim results all the time."""
RETRY_SECONDS = 0.25
UNCONFIRMED_CHUNKS = 750
"""Of 20 ms: 15 s of sound."""


def warm() -> None:
    """Import what the SDK leaves to its first client and its first connection: 0.1 s, which the
    first callee of a process would wait for.
    """
    _ = AsyncDeepgramClient(api_key="of-nobody").listen.v1.connect


class Stt(DeepgramSTTService):
    """Speech to text. A connection that breaks or falls silent is made anew, once, at once.

    What was said and not transcribed yet is then sent again, so that no sentence is lost with it.
    """

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        """Set up, and connect in the background; what is heard meanwhile is transcribed then."""
        await STTService.setup(self, setup)
        self._watching: asyncio.Task[None] | None = None
        self._message_at = time.monotonic()
        self._owed = False
        self._spare = 1
        self._unconfirmed: deque[bytes] = deque(maxlen=UNCONFIRMED_CHUNKS)
        self._mending: asyncio.Task[None] | None = self.create_task(self._mend())

    async def cleanup(self) -> None:
        """Release everything."""
        for task in (self._mending, self._watching):
            if task:
                await self.cancel_task(task)
        self._mending = self._watching = None
        await super().cleanup()  # type: ignore[no-untyped-call]

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """See Pipecat; and keep the sound until it is transcribed."""
        self._unconfirmed.append(audio)
        async for frame in super().run_stt(audio):
            yield frame

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """See Pipecat; and from each `Finalize` on, expect an answer."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._owed = True
            await self._expect()

    async def push_error(self, error_msg: str, *args: Any, **kwargs: Any) -> None:
        """Report an error; unless there is a spare attempt left, which is taken without a word."""
        if self._spare and not kwargs.get("force_treat_as_permanent"):
            self._spare -= 1
            self._mending = self.create_task(self._mend(self._mending, RETRY_SECONDS))
            return
        await super().push_error(error_msg, *args, **kwargs)

    @property
    def connected(self) -> Any:
        """The SDK's connection, or None. (Pipecat annotates it as None alone.)"""
        return self._connection

    async def _on_message(self, message: Any) -> None:
        self._message_at = time.monotonic()
        self._spare = 1
        if getattr(message, "is_final", False):
            self._owed = False
            self._unconfirmed.clear()
        await super()._on_message(message)  # type: ignore[no-untyped-call]

    async def _expect(self) -> None:
        if self._watching:
            await self.cancel_task(self._watching)
        self._watching = self.create_task(self._watch(time.monotonic()))

    async def _watch(self, since: float) -> None:
        await asyncio.sleep(RESULT_SECONDS)
        self._watching = None
        if self._message_at < since:
            await self.push_error("no result within the deadline")

    async def _mend(self, before: asyncio.Task[None] | None = None, pause: float = 0) -> None:
        if before:
            await self.cancel_task(before)
        await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._reconnect()  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            self._spare = 0  # Whoever hangs once hangs twice, and the callee is waiting.
            await self.push_error("no connection within the deadline", exception=error)
        if self._connection and self._owed and not self._user_speaking:
            self.request_finalize()
            await self.connected.send_finalize(ListenV1Finalize(type="Finalize"))
            await self._expect()

    async def _do_reconnect(self) -> None:
        again = tuple(self._unconfirmed)
        await super()._do_reconnect()  # type: ignore[no-untyped-call]
        for audio in again:
            await self.connected.send_media(audio)


class Tts(DeepgramTTSService):
    """Text to speech."""

    def __init__(self, *, tls: ssl.SSLContext, **kwargs: Any) -> None:
        # Deepgram does not say when a word is spoken; the playout tells the words instead.
        super().__init__(push_text_frames=False, **kwargs)
        self._tls = tls
        self._one_at_a_time = asyncio.Lock()
        self._opening: asyncio.Task[None] | None = None

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        """Set up, and connect in the background."""
        await WebsocketTTSService.setup(self, setup)
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
