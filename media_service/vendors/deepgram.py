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
from httpx import AsyncClient
from pipecat.frames.frames import (
    Frame,
    ServiceSwitcherRequestMetadataFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.deepgram.stt import DeepgramSTTService, DeepgramSTTSettings
from pipecat.services.deepgram.tts import DeepgramTTSService, DeepgramTTSSettings
from pipecat.services.stt_service import STTService

from calls.agent import Agent
from calls.vendor_choice import SttChoice, TtsChoice
from media_service.phone.twilio_serializer import SAMPLE_RATE
from media_service.vendors.background import CONNECT_SECONDS, Background
from media_service.vendors.speaking import Speaking
from media_service.vendors.vendors import Vendors, tls

RESULT_SECONDS = 2.0
"""From `Finalize` to any message at all; Deepgram sends interim results all the time."""
RETRY_SECONDS = (0.25, 0.5, 1.0)
"""Before each attempt to connect anew; an outage that is longer than all of them is one."""
SENT_BYTES = 960
"""Sound goes out 60 ms at a time, or when the callee pauses. To write a message costs the same
whatever its size, and Deepgram wants them of 20 to 250 ms."""
UNCONFIRMED_CHUNKS = 250
"""Of 60 ms: 15 s of sound."""
MULTILINGUAL = "multi"
"""nova-3 tells the language of what it hears: en, es, fr, de, hi, ru, pt, ja, it and nl."""
REGIONAL = frozenset(
    {"de-CH", "en-AU", "en-GB", "en-IN", "en-NZ", "en-US", "fr-CA", "nl-BE", "pt-BR", "pt-PT"}
)
"""What nova-3 tells apart within a language. Its Spanish is Spain's, or Latin America's."""


def warm() -> None:
    """Import what the SDK leaves to its first client and its first connection: 0.1 s, which the
    first callee of a process would wait for.
    """
    http = AsyncClient(verify=tls())
    _ = AsyncDeepgramClient(api_key="of-nobody", httpx_client=http).listen.v1.connect


class Stt(DeepgramSTTService):
    """Speech to text. A connection that breaks is made anew, in three attempts; one that falls
    silent, once.

    What was said and not transcribed yet is then sent again, so that no sentence is lost with it.

    Args:
        standby: connect only once it is asked to take over.
    """

    def __init__(self, *, standby: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._standby = standby

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        """Set up, and connect in the background; what is heard meanwhile is transcribed then."""
        await STTService.setup(self, setup)
        self._watching: asyncio.Task[None] | None = None
        self._message_at = time.monotonic()
        self._owed = False
        self._spare = len(RETRY_SECONDS)
        self._unsent = b""
        self._unconfirmed: deque[bytes] = deque(maxlen=UNCONFIRMED_CHUNKS)
        self._mending: asyncio.Task[None] | None = None
        if not self._standby:
            self._mending = self.create_task(self._mend())

    async def cleanup(self) -> None:
        """Release everything."""
        for task in (self._mending, self._watching):
            if task:
                await self.cancel_task(task)
        self._mending = self._watching = None
        await super().cleanup()  # type: ignore[no-untyped-call]

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """See Pipecat; but it goes out with what comes next, as long as it is little, and is kept
        until it is transcribed."""
        self._unsent += audio
        if len(self._unsent) >= SENT_BYTES:
            await self._send_on()
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """See Pipecat; and from each `Finalize` on, expect an answer."""
        if isinstance(frame, VADUserStoppedSpeakingFrame) and self._unsent:
            await self._send_on()
        await super().process_frame(frame, direction)
        if isinstance(frame, ServiceSwitcherRequestMetadataFrame) and self._standby:
            self._standby = False
            self._mending = self.create_task(self._mend())
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._owed = True
            await self._expect()

    async def push_error(self, error_msg: str, *args: Any, **kwargs: Any) -> None:
        """Report an error; unless there is a spare attempt left, which is taken without a word."""
        if self._spare and not kwargs.get("force_treat_as_permanent"):
            self._try_again(RETRY_SECONDS[-self._spare])
            return
        await super().push_error(error_msg, *args, **kwargs)

    @property
    def connected(self) -> Any:
        """The SDK's connection, or None. (Pipecat annotates it as None alone.)"""
        return self._connection

    async def _send_on(self) -> None:
        audio, self._unsent = self._unsent, b""
        self._unconfirmed.append(audio)
        async for _ in super().run_stt(audio):
            pass

    async def _on_message(self, message: Any) -> None:
        self._message_at = time.monotonic()
        self._spare = len(RETRY_SECONDS)
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
        if self._message_at >= since:
            return
        if self._spare:
            self._spare = 1  # Whoever hangs twice hangs for good, and the callee is waiting.
            self._try_again(RETRY_SECONDS[0])
            return
        await self.push_error("no result within the deadline")

    def _try_again(self, pause: float) -> None:
        self._spare -= 1
        self._mending = self.create_task(self._mend(self._mending, pause))

    async def _mend(self, before: asyncio.Task[None] | None = None, pause: float = 0) -> None:
        if before:
            await self.cancel_task(before)
        await asyncio.sleep(pause)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._reconnect()  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            self._spare = 0  # It hangs in the handshake already.
            await self.push_error("no connection within the deadline", exception=error)
        if self._connection and self._owed and not self._user_speaking:
            self.request_finalize()
            await self.connected.send_finalize(ListenV1Finalize(type="Finalize"))
            await self._expect()

    async def _do_reconnect(self) -> None:
        again = tuple(self._unconfirmed)
        self._connection = None  # Of one that is broken no leave can be taken.
        await super()._do_reconnect()  # type: ignore[no-untyped-call]
        for audio in again:
            await self.connected.send_media(audio)


class Tts(Speaking, Background, DeepgramTTSService):
    """Text to speech."""

    vendor = "deepgram"

    def __init__(self, *, tls: ssl.SSLContext, standby: bool = False, **kwargs: Any) -> None:
        # Deepgram does not say when a word is spoken; the playout tells the words instead.
        super().__init__(tls=tls, standby=standby, push_text_frames=False, **kwargs)


def heard(language: str) -> str:
    """An agent's language as nova-3 names it."""
    if language in REGIONAL:
        return language
    base, _, region = language.partition("-")
    return "es-419" if base == "es" and region not in ("", "ES") else base


def stt(vendors: Vendors, agent: Agent, choice: SttChoice) -> Stt:
    """Deepgram's ears."""
    return Stt(
        api_key=vendors.secrets.get("deepgram/api-key"),
        base_url=vendors.settings.deepgram_base_url,
        sample_rate=SAMPLE_RATE,
        # Turns are ended by Smart Turn, whose `Finalize` the vendor's own endpointing only delays.
        settings=DeepgramSTTSettings(
            model=choice.model,
            language=MULTILINGUAL if agent.detect_language else heard(agent.language),
            endpointing=False,
        ),
        # What the turn waits for a transcript that Deepgram does not mark as final.
        ttfs_p99_latency=0.35,
        standby=choice is not agent.stt,
    )


def tts(vendors: Vendors, agent: Agent, choice: TtsChoice) -> Tts:
    """Deepgram's voice."""
    return Tts(
        api_key=vendors.secrets.get("deepgram/api-key"),
        base_url=vendors.settings.deepgram_base_url,
        sample_rate=SAMPLE_RATE,
        settings=DeepgramTTSSettings(voice=agent.voice(choice)),
        language=agent.language,
        tls=vendors.tls,
        standby=choice is not agent.tts,
    )
