"""The line of one answered call: 20 ms after 20 ms, the agent's sound in, the callee's out."""

from dataclasses import dataclass
from typing import Protocol

from rehearsal.mulaw import FRAME_MS

from .callee import Noted, Spoken
from .playout import Playout, Source
from .recording import Track


class Person(Protocol):
    """Whoever speaks at the far end: a script, or one day somebody at a microphone."""

    done: bool
    """Everything that was to be said has been."""

    def tick(self, heard: bytes) -> Spoken:
        """Hear 20 ms of mu-law and answer with 20 ms of one's own."""


class Metronome:
    """Which tick is due when: an absolute schedule, so that lateness never adds up.

    Args:
        start: The monotonic second at which tick 0 begins.
    """

    def __init__(self, start: float) -> None:
        self._start = start
        self._ticked = 0

    @property
    def next_at(self) -> float:
        """The monotonic second of the next tick."""
        return self._start + self._ticked * FRAME_MS / 1000

    def due(self, now: float) -> int:
        """How many ticks to do now; more than one after the loop was late. They count as done."""
        count = 0
        while self.next_at <= now + 1e-6:
            self._ticked += 1
            count += 1
        return count


@dataclass(frozen=True)
class Heard:
    """One tick of the line."""

    at: float
    """Seconds of the call at which the tick began."""
    agent: bytes
    """160 bytes of mu-law that the callee heard."""
    callee: bytes
    """160 bytes of mu-law that the callee said."""
    fed: int
    """How many bytes of `agent` were really sent by somebody."""
    marks: tuple[str, ...]
    digits: str
    notes: tuple[Noted, ...]
    hang_up: bool
    """The callee hangs up with this tick."""


class Line:
    """Both directions of a call from answer to hang-up. Driven by `tick`, once for every 20 ms."""

    def __init__(self, callee: Person) -> None:
        self.callee = callee
        self.source: Source = Playout()
        """What the callee hears: a stream, a verb. Replaced by whoever takes the floor."""
        self.tracks: list[Track] = []
        """Recordings that run."""
        self._ticks = 0

    @property
    def now(self) -> float:
        """Seconds of the call: the beginning of the next tick."""
        return self._ticks * FRAME_MS / 1000

    def tick(self) -> Heard:
        """Play 20 ms."""
        at = self.now
        self._ticks += 1
        played = self.source.pull()
        spoken = self.callee.tick(played.audio)
        for track in self.tracks:
            track.add(callee=spoken.audio, agent=played.audio)
        return Heard(
            at,
            played.audio,
            spoken.audio,
            played.fed,
            played.marks,
            spoken.digits,
            tuple(spoken.notes),
            spoken.hang_up,
        )
