"""Between the voice and the output: holds an answer back while nobody knows who it is for.

Pipecat's own gate (``extensions.voicemail.TTSGate``) holds the greeting too; here a greeting is
said to whoever answers, and only what would answer a machine waits.
"""

from collections import deque

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InterruptionFrame,
    StopFrame,
    SystemFrame,
    WorkerFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

_PASSING = (SystemFrame, EndFrame, StopFrame, WorkerFrame)


class Gate(FrameProcessor):
    """Open, until :meth:`hold`. What it holds, an interruption clears away."""

    def __init__(self) -> None:
        super().__init__()
        self._holding = False
        self._held: deque[Frame] = deque()

    def hold(self) -> None:
        """Keep back what comes from now on."""
        self._holding = True

    async def release(self) -> None:
        """Let everything go, in its order."""
        while self._held:
            await self.push_frame(self._held.popleft())
        self._holding = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Hold, or pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            # A last word stays: somebody waits for it.
            self._held = deque(each for each in self._held if not each.interruptible)
        held = self._holding and direction is FrameDirection.DOWNSTREAM
        if held and not isinstance(frame, _PASSING):
            self._held.append(frame)
        else:
            await self.push_frame(frame, direction)
