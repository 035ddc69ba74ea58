"""What every vendor's voice says, and what not."""

from collections.abc import AsyncGenerator

from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.services.settings import TTSSettings
from pipecat.tests.utils import SleepFrame, run_test

from media_service.vendors.speaking import Speaking


class Voice(Speaking):
    """Remembers what it is to say."""

    vendor = "nobody"

    def __init__(self) -> None:
        super().__init__(
            language="en", sample_rate=8000, push_stop_frames=True,
            settings=TTSSettings(model=None, voice="v", language=None),
        )  # fmt: skip
        self.asked: list[str] = []

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Nothing is heard of it."""
        self.asked.append(text.strip())
        yield None


async def test_words_that_an_interruption_overtook_are_not_said() -> None:
    """They were on their way in a queue; what follows of ours, and the next answer, are said."""
    voice = Voice()
    await run_test(
        voice,
        frames_to_send=[
            LLMFullResponseStartFrame(),
            LLMTextFrame("I will tell them. "),
            SleepFrame(0.05),
            InterruptionFrame(),
            SleepFrame(0.05),
            LLMTextFrame("And take care of it. "),
            LLMFullResponseEndFrame(),
            TTSSpeakFrame("Goodbye."),
            LLMFullResponseStartFrame(),
            LLMTextFrame("Or not."),
            LLMFullResponseEndFrame(),
            SleepFrame(0.05),
        ],
    )
    assert voice.asked == ["Goodbye.", "Or not."]
