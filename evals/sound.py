"""What stands in for sound: ears that are given the words, and a voice that only takes its time.

The call runs on the product's own line, turns and transcript, which go by sound. So the callee's
words come with some, loud or silent, and the agent's with silence of their length.
"""

from collections import deque
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pipecat.audio.turn.base_turn_analyzer import (
    BaseTurnAnalyzer,
    BaseTurnParams,
    EndOfTurnState,
)
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState
from pipecat.frames.frames import (
    Frame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from media_service.vendors.speaking import Speaking

RATE = 8000
WORD_SECONDS = 0.06
"""A fifth of what a voice takes for a word: long enough to be interrupted."""
START_SECONDS, STOP_SECONDS = 0.12, 0.2
_LOUD = 1000
"""Of 32,767."""


class Ears(STTService):
    """Understands what the callee is known to say, once their sound ends.

    Args:
        words: what they say, utterance by utterance.
    """

    def __init__(self, words: deque[str]) -> None:
        super().__init__(
            sample_rate=RATE, ttfs_p99_latency=0.35, settings=STTSettings(model=None, language=None)
        )
        self._words_to_come = words

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Nothing: the words are no part of it."""
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """See Pipecat; the end of a sound is told its words."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame) and self._words_to_come:
            text, at = self._words_to_come.popleft(), datetime.now(UTC).isoformat()
            await self.push_frame(TranscriptionFrame(text, "", at, finalized=True))


class Voice(Speaking, TTSService):
    """Says everything in silence, as long as it has words.

    Args:
        written: takes each answer of the model, before it is made speakable.
    """

    vendor = "deepgram"

    def __init__(self, language: str, written: list[str]) -> None:
        super().__init__(
            sample_rate=RATE, push_text_frames=False, push_start_frame=True, push_stop_frames=True,
            language=language, settings=TTSSettings(model=None, voice=None, language=language),
        )  # fmt: skip
        self._written = written

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """See Pipecat; and keep what the model writes."""
        if isinstance(frame, LLMFullResponseStartFrame):
            self._written.append("")
        elif isinstance(frame, LLMTextFrame) and self._written:
            self._written[-1] += frame.text
        await super().process_frame(frame, direction)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Silence."""
        samples = int(max(1, len(text.split())) * WORD_SECONDS * RATE)
        yield TTSAudioRawFrame(bytes(2 * samples), RATE, 1, context_id=context_id)


class _Loudness(VADAnalyzer):
    """Voice is what is loud."""

    def __init__(self) -> None:
        super().__init__(params=VADParams(start_secs=START_SECONDS, stop_secs=STOP_SECONDS))

    def num_frames_required(self) -> int:
        """20 ms."""
        return self.sample_rate // 50

    def voice_confidence(self, buffer: bytes) -> float:
        """1, or 0."""
        return float(np.abs(np.frombuffer(buffer, np.int16)).max() > _LOUD)

    def _get_smoothed_volume(self, audio: bytes) -> float:
        return 1.0

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """See Pipecat; without a thread."""
        return self._run_analyzer(buffer)


class _Finished(BaseTurnAnalyzer):
    """Who stops has finished: a script says all of a turn at once."""

    @property
    def speech_triggered(self) -> bool:
        """Never."""
        return False

    @property
    def params(self) -> BaseTurnParams:
        """None."""
        return BaseTurnParams()

    def append_audio(self, buffer: bytes, is_speech: bool) -> EndOfTurnState:
        """Not yet."""
        return EndOfTurnState.INCOMPLETE

    async def analyze_end_of_turn(self) -> tuple[EndOfTurnState, Any]:
        """Yes."""
        return EndOfTurnState.COMPLETE, None

    def clear(self) -> None:
        """Nothing is kept."""


class Instant:
    """In the place of ``media_service.listening.models.Models``."""

    def vad(self) -> VADAnalyzer:
        """A VAD for one call."""
        return _Loudness()

    def turn_analyzer(self) -> BaseTurnAnalyzer:
        """A turn analyzer for one call."""
        return _Finished()
