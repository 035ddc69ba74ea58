"""Behind the listener: what the callee says as it is being understood, and when they speak."""

import asyncio
import contextlib
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
        self._settled = asyncio.Event()
        self._settled.set()

    async def settle(self) -> None:
        """Have the listener settle what it has heard: of a muted callee nobody else would, for they
        have no turns."""
        stop = VADUserStoppedSpeakingFrame(stop_secs=0.0)
        await self.push_frame(stop, FrameDirection.UPSTREAM)
        # One that listens to one stretch of speech after the other begins the next.
        await self.push_frame(VADUserStartedSpeakingFrame(), FrameDirection.UPSTREAM)

    async def settled(self, seconds: float) -> None:
        """The same, and wait for their words; not at all, if they have said nothing new."""
        waits = not self._settled.is_set()
        await self.settle()
        if waits:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._settled.wait()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tell, and pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame | InterimTranscriptionFrame):
            self._words(frame.text, isinstance(frame, TranscriptionFrame))
            self._expect(not isinstance(frame, TranscriptionFrame))
        elif direction is FrameDirection.UPSTREAM and isinstance(frame, _VOICE):
            self._voice(isinstance(frame, VADUserStartedSpeakingFrame))
            if isinstance(frame, VADUserStartedSpeakingFrame):
                self._expect(True)
        await self.push_frame(frame, direction)

    def _expect(self, words: bool) -> None:
        if words:
            self._settled.clear()
        else:
            self._settled.set()
