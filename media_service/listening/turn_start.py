"""When the callee begins a turn, and so interrupts the agent; and when they merely nod."""

import time
from collections.abc import Callable
from typing import Protocol

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start import BaseUserTurnStartStrategy

GREETING_SECONDS = 2.0
"""People pick up with a "Hello?" that meets the greeting; for so long one word does not cut it."""
WORDS = 2
"""So many do: they are no mere "Hello?"."""
VOICE_SECONDS = 1.0
"""A voice that lasts so long over the agent's wants its turn, whatever it says."""
RESULT_SECONDS = 0.6
"""From the end of a shorter one: if nothing was understood by then, it was noise."""


class Output(Protocol):
    """The agent's sound, which can pause."""

    async def hold(self) -> None:
        """Pause at once."""

    async def go_on(self) -> None:
        """Go on from where the callee stopped hearing."""


class TurnStart(BaseUserTurnStartStrategy):
    """The callee's voice begins a turn; but over the agent's own it pauses the agent first.

    Then words decide: what has substance begins the turn, for which Pipecat clears the output. A
    backchannel ("mm-hm", "okay") or a noise does not, and the agent goes on where it was. Once all
    of what the agent says has been sent, and so its last half second sounds, "yes" is an answer.
    In the greeting's first seconds only a second word does anything. A key begins a turn.

    What they say without beginning a turn is transcribed all the same, and comes with their next
    words. Before the greeting has begun to sound, nothing cuts it.

    Args:
        greets: whether a greeting is to come.
        output: pauses.
        backchannel: whether words are one.
        clock: seconds.
    """

    def __init__(
        self,
        *,
        greets: bool,
        output: Output,
        backchannel: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._output = output
        self._backchannel = backchannel
        self._clock = clock
        self._waiting = greets
        self._greeting = greets
        self._until = float("inf") if greets else float("-inf")
        self._early = False
        self._speaking = False
        self._voice = False
        self._held_at: float | None = None
        self._quiet_at: float | None = None

    async def handle_user_turn_started(self) -> None:
        """The turn's interruption has ended the pause."""
        self._held_at = self._quiet_at = None

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Whether a turn begins with this frame."""
        if isinstance(frame, BotStartedSpeakingFrame):
            self._speaking = True
            if self._waiting:
                self._waiting = False
                self._until = self._clock() + GREETING_SECONDS
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._speaking = False
            self._greeting = self._waiting
        elif await self._begins(frame):
            await self.trigger_user_turn_started()
            return ProcessFrameResult.STOP
        return ProcessFrameResult.CONTINUE

    async def _begins(self, frame: Frame) -> bool:
        if isinstance(frame, InputAudioRawFrame):
            return await self._time_passes()
        if isinstance(frame, VADUserStartedSpeakingFrame):
            return await self._voice_begins(frame)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._voice, self._quiet_at = False, self._clock()
        elif isinstance(frame, InputDTMFFrame):
            return not self._waiting
        elif isinstance(frame, InterimTranscriptionFrame | TranscriptionFrame):
            return not self._waiting and await self._words_begin(frame)
        return False

    async def _voice_begins(self, frame: VADUserStartedSpeakingFrame) -> bool:
        self._voice = True
        # It is told when the voice has lasted for some time.
        self._early = self._clock() - frame.start_secs < self._until
        if self._early and self._greeting:
            return False
        if not self._speaking and self._held_at is None:
            return True
        if self._held_at is None:
            self._held_at = self._clock()
            await self._output.hold()
        return False

    async def _words_begin(self, frame: InterimTranscriptionFrame | TranscriptionFrame) -> bool:
        words = len(frame.text.split())
        if (self._early or self._clock() < self._until) and self._greeting:
            return words >= WORDS
        if not self._speaking:
            return True
        final = isinstance(frame, TranscriptionFrame)
        if not self._backchannel(frame.text):
            # One word so far may yet become a backchannel: "Mm", "I".
            return final or words >= WORDS
        if final and not self._voice:
            await self._go_on()
        return False

    async def _time_passes(self) -> bool:
        # The callee's sound comes every 20 ms and so is a clock; in the unit tests, one of theirs.
        if self._held_at is None:
            return False
        now = self._clock()
        if self._voice:
            return now - self._held_at >= VOICE_SECONDS
        if self._quiet_at is not None and now - self._quiet_at >= RESULT_SECONDS:
            await self._go_on()
        return False

    async def _go_on(self) -> None:
        if self._held_at is not None:
            self._held_at = None
            await self._output.go_on()
