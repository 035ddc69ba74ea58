"""When the callee's voice is not acted upon."""

import time
from collections.abc import Callable

from pipecat.frames.frames import BotStartedSpeakingFrame, BotStoppedSpeakingFrame, Frame
from pipecat.turns.user_mute import BaseUserMuteStrategy

GREETING_SECONDS = 2.0
"""People pick up with a "Hello?" that meets the greeting; for so long it does not cut it."""


class Mute(BaseUserMuteStrategy):
    """Deaf to the callee in the greeting's first seconds, and from the moment the agent leaves.

    What the callee says while muted is transcribed all the same, and comes with their next words.
    """

    def __init__(self, *, greets: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.leaving = False
        self._clock = clock
        self._until = float("inf") if greets else float("-inf")

    async def process_frame(self, frame: Frame) -> bool:
        """Whether the callee is muted now."""
        if isinstance(frame, BotStartedSpeakingFrame) and self._until == float("inf"):
            self._until = self._clock() + GREETING_SECONDS
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._until = float("-inf")
        return self.leaving or self._clock() < self._until
