"""What the callee waits for between their last sound and the agent's first, moment by moment.

Pipecat's own observer (``UserBotLatencyObserver``) sees every frame between every two processors,
fifty a second and call; here the processors that see these moments anyway say so.
"""

from collections.abc import Callable
from itertools import pairwise

from calls.call import Turn, TurnLatency

Clock = Callable[[], float]
"""Seconds of the day, as Pipecat's VAD has them."""


class Wait:
    """One wait after another. A moment counts once, and only after the one before it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moments: list[float] = []

    def forget(self) -> None:
        """Nobody waits."""
        self._moments = []

    def begin(self, at: float) -> None:
        """The callee's voice ended then."""
        self._moments = [at]

    def decided(self) -> None:
        """Their turn is taken for over."""
        self._note(1)

    def worded(self) -> None:
        """The answer has its first word."""
        self._note(2)

    def voiced(self) -> None:
        """The voice's vendor has sent its first sound."""
        self._note(3)

    def sounded(self) -> tuple[int | None, TurnLatency | None]:
        """The first sound was sent to the callee: milliseconds since their voice ended, and the
        parts of that; None, where nobody waited, or a moment was missed."""
        moments, self._moments = self._moments, []
        if not moments:
            return None, None
        since = [round((at - moments[0]) * 1000) for at in (*moments, self._clock())]
        if len(since) != 5:
            return since[-1], None
        turn, token, voice, sound = (b - a for a, b in pairwise(since))
        parts = TurnLatency(turn_ms=turn, token_ms=token, voice_ms=voice, sound_ms=sound)
        return since[-1], parts

    def _note(self, place: int) -> None:
        if len(self._moments) == place:
            self._moments.append(self._clock())


class Latencies:
    """Those of all calls on this task, until they are told."""

    def __init__(self) -> None:
        self._values: dict[str, list[int]] = {}

    def add(self, turn: Turn) -> None:
        """A turn is over."""
        if turn.latency_ms is None:
            return
        parts = turn.latency.model_dump() if turn.latency else {}
        for name, value in {"latency_ms": turn.latency_ms, **parts}.items():
            self._values.setdefault(name, []).append(value)

    def take(self) -> dict[str, list[int]]:
        """Those since the last time, by their names in ``Turn`` and ``TurnLatency``."""
        taken, self._values = self._values, {}
        return taken
