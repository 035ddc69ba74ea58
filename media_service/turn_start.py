"""When the callee begins a turn, and so interrupts the agent."""

import time
from collections.abc import Callable

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start import BaseUserTurnStartStrategy

GREETING_SECONDS = 2.0
"""People pick up with a "Hello?" that meets the greeting; for so long one word does not cut it."""
WORDS = 2
"""So many do: they are no mere "Hello?"."""


class TurnStart(BaseUserTurnStartStrategy):
    """The callee's voice begins a turn; in the greeting's first seconds, their second word.

    What they say without beginning a turn is transcribed all the same, and comes with their next
    words. Before the greeting has begun to sound, nothing cuts it.

    Args:
        greets: whether a greeting is to come.
        clock: seconds.
    """

    def __init__(self, *, greets: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._clock = clock
        self._waiting = greets
        self._greeting = greets
        self._until = float("inf") if greets else float("-inf")
        self._early = False

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Whether a turn begins with this frame."""
        if isinstance(frame, BotStartedSpeakingFrame) and self._waiting:
            self._waiting = False
            self._until = self._clock() + GREETING_SECONDS
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._greeting = self._waiting
        elif self._begins(frame):
            await self.trigger_user_turn_started()
            return ProcessFrameResult.STOP
        return ProcessFrameResult.CONTINUE

    def _begins(self, frame: Frame) -> bool:
        if isinstance(frame, VADUserStartedSpeakingFrame):
            # It is told when the voice has lasted for some time.
            self._early = self._clock() - frame.start_secs < self._until
            return not (self._early and self._greeting)
        if not isinstance(frame, InterimTranscriptionFrame | TranscriptionFrame) or self._waiting:
            return False
        early = self._early or self._clock() < self._until
        return not (early and self._greeting) or len(frame.text.split()) >= WORDS
