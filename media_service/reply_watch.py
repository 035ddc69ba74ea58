"""Between the LLM and the voice: whether an answer comes in time, and whether it was the last."""

import asyncio
from collections.abc import Callable

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_service.frames import LastWordFrame

TOKEN_SECONDS = 4.0
"""From the end of the callee's turn to the LLM's first token, and from one token to the next."""
SOUND_SECONDS = 2.0
"""From the last word of a text to the first sound of it."""
FAREWELL = "Goodbye."
"""For an LLM that ends a call without a word."""


class ReplyWatch(FrameProcessor):
    """Reports an LLM or a voice that is late, and ends the call after the answer that asked for it.

    Args:
        late: called with ``llm`` or ``tts``, once per lateness.
        end_call: the name of the tool that ends the call.
    """

    def __init__(self, late: Callable[[str], None], end_call: str) -> None:
        super().__init__()
        self._late = late
        self._end_call = end_call
        self._open = False
        self._said = False
        self._leaving = False
        self._sounding = False
        self._deadline: asyncio.TimerHandle | None = None

    def sounded(self) -> None:
        """The voice's vendor has sent sound."""
        if not self._open:
            self._disarm()

    def expect_sound(self) -> None:
        """Another voice has just been given the words that are still to be heard."""
        self._arm(SOUND_SECONDS, "tts")

    async def cleanup(self) -> None:
        """Forget the deadline."""
        self._disarm()
        await super().cleanup()  # type: ignore[no-untyped-call]

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Watch what passes."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, BotStartedSpeakingFrame):
            self._sounding = True
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._sounding = False
        elif isinstance(frame, InterruptionFrame):
            self._open = False
            self._disarm()
        elif direction is FrameDirection.DOWNSTREAM:
            await self._follow(frame)

    async def _follow(self, frame: Frame) -> None:
        if isinstance(frame, LLMFullResponseStartFrame):
            self._open, self._said = True, False
            self._arm(TOKEN_SECONDS, "llm")
        elif isinstance(frame, LLMTextFrame):
            self._said = self._said or bool(frame.text.strip())
            self._arm(TOKEN_SECONDS, "llm")
        elif isinstance(frame, FunctionCallsStartedFrame):
            self._disarm()
        elif isinstance(frame, TTSSpeakFrame):
            self._arm(SOUND_SECONDS, "tts")
        elif isinstance(frame, LLMFullResponseEndFrame):
            self._open = False
            self._disarm()
            if self._said:
                self._arm(SOUND_SECONDS, "tts")
            await self._maybe_leave()
        elif isinstance(frame, FunctionCallResultFrame) and frame.function_name == self._end_call:
            self._leaving = True
            await self._maybe_leave()

    async def _maybe_leave(self) -> None:
        if self._leaving and not self._open:
            self._leaving = False
            if not self._said:
                await self.push_frame(TTSSpeakFrame(FAREWELL))
            await self.push_frame(LastWordFrame())

    def _arm(self, seconds: float, who: str) -> None:
        self._disarm()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, self._expired, who)

    def _disarm(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self, who: str) -> None:
        self._deadline = None
        # While something is still being said, what comes next waits behind it.
        if who == "tts" and self._sounding:
            self._arm(SOUND_SECONDS, who)
        else:
            self._late(who)
