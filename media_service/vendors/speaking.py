"""What every vendor's voice has in common."""

from typing import Any

from pipecat.frames.frames import (
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.tts_service import TTSService

from media_service.speaking.plain_text import plain_text
from media_service.speaking.spoken import spoken


class Speaking(TTSService):
    """Goes before the vendor's class. What it is given is made speakable in its language.

    Attributes:
        vendor: its name in an agent's file.
    """

    vendor: str

    def __init__(self, *, language: str, **kwargs: Any) -> None:
        super().__init__(text_transforms=[("*", plain_text), ("*", self._spoken)], **kwargs)
        self.say_in(language)
        self._answering = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """See Pipecat; but words outside of an answer are none to say: an interruption overtakes
        what is on its way in a queue, and those of the answer that it ended come after it.
        """
        if isinstance(frame, LLMFullResponseStartFrame):
            self._answering = True
        elif isinstance(frame, LLMFullResponseEndFrame | InterruptionFrame):
            self._answering = False
        elif isinstance(frame, LLMTextFrame) and not self._answering:
            return
        await super().process_frame(frame, direction)

    def say_in(self, language: str) -> None:
        """From now on, dates and numbers are said in this language.

        Raises:
            UnknownLanguageError: nobody has written down how.
        """
        self._say = spoken(language)

    async def _spoken(self, text: str, kind: str) -> str:
        return await self._say(text, kind)
