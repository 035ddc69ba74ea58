"""Behind the listener: what the callee says as it is being understood, and when they speak."""

from collections.abc import Callable

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

_VOICE = (VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame)


class Ear(FrameProcessor):
    """Tells all of it, also of a callee who is muted.

    Args:
        words: takes a text, and whether it is settled.
        voice: takes whether they speak now.
    """

    def __init__(self, words: Callable[[str, bool], None], voice: Callable[[bool], None]) -> None:
        super().__init__(enable_direct_mode=True)
        self._words = words
        self._voice = voice

    async def settle(self) -> None:
        """Have the listener settle what it has heard: of a muted callee nobody else would, for they
        have no turns."""
        stop = VADUserStoppedSpeakingFrame(stop_secs=0.0)
        await self.push_frame(stop, FrameDirection.UPSTREAM)
        # One that listens to one stretch of speech after the other begins the next.
        await self.push_frame(VADUserStartedSpeakingFrame(), FrameDirection.UPSTREAM)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tell, and pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame | InterimTranscriptionFrame):
            self._words(frame.text, isinstance(frame, TranscriptionFrame))
        elif direction is FrameDirection.UPSTREAM and isinstance(frame, _VOICE):
            self._voice(isinstance(frame, VADUserStartedSpeakingFrame))
        await self.push_frame(frame, direction)
