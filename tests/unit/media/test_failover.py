"""What a failed vendor owes, and what the next is given."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, TTSSettings
from pipecat.services.tts_service import TTSService

from media_service.failover import LlmStage, TtsStage
from media_service.phone.left_to_say import without
from media_service.speaking.synthesis import SynthesisError, synthesize

WORDS = st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=20)


@given(words=WORDS, skipped=st.integers(0, 25), cuts=st.lists(st.integers(1, 40), max_size=8))
def test_words_that_were_heard_are_left_out_however_the_tokens_are_cut(
    words: list[str], skipped: int, cuts: list[int]
) -> None:
    text, tokens = " ".join(words), []
    for cut in cuts:
        tokens.append(text[:cut])
        text = text[cut:]
    frames: list[Frame] = [LLMFullResponseStartFrame()]
    frames += [LLMTextFrame(token) for token in (*tokens, text) if token]
    frames += [LLMFullResponseEndFrame(), TTSSpeakFrame("and this")]
    left = without(frames, skipped)
    said = " ".join(f.text for f in left if isinstance(f, LLMTextFrame | TTSSpeakFrame))
    assert said.split() == [*words, "and", "this"][skipped:]
    assert isinstance(left[0], LLMFullResponseStartFrame)
    assert any(isinstance(f, LLMFullResponseEndFrame) for f in left)


class Voice(TTSService):
    """Makes so many seconds of sound, and is well or not."""

    def __init__(self, seconds: float, *, well: bool) -> None:
        super().__init__(
            sample_rate=8000, push_start_frame=True, push_stop_frames=True,
            settings=TTSSettings(model=None, voice="v", language=None),
        )  # fmt: skip
        self._seconds = seconds
        self._well = well
        self.asked: list[str] = []

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self.asked.append(text)
        if self._seconds:
            sound = bytes(int(16_000 * self._seconds))
            yield TTSAudioRawFrame(sound, 8000, 1, context_id=context_id)
        if not self._well:
            yield ErrorFrame("broken")


async def test_each_next_voice_says_what_is_left() -> None:
    voices = [Voice(0, well=False), Voice(0, well=False), Voice(1, well=True)]
    sound = await synthesize(TtsStage(list(voices)), "Good morning.")
    assert [voice.asked for voice in voices] == [["Good morning."]] * 3
    assert len(sound) == 8000


async def test_when_nobody_is_left_it_is_told() -> None:
    with pytest.raises(SynthesisError):
        await synthesize(TtsStage([Voice(0, well=False), Voice(0, well=False)]), "Nobody says it.")


class Mind(LLMService[Any]):
    """Answers beside the conversation, or does not."""

    def __init__(self, answer: str | None) -> None:
        super().__init__(settings=LLMSettings(model="m"))
        self._answer = answer

    async def run_inference(self, context: LLMContext, **_: Any) -> str | None:
        if self._answer is None:
            raise OSError("refused")
        return self._answer


async def test_beside_the_conversation_the_next_is_asked_too() -> None:
    stage = LlmStage([Mind(None), Mind("yes")])
    assert await stage.run_inference(LLMContext()) == "yes"
    assert stage.active is stage.services[0]
