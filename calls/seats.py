"""Seats: how many calls the fleet can carry now, and whether one more may be dialled."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.pace import next_slot

BEAT_SECONDS = 5.0
"""So often a media task says that it is there."""
STALE = timedelta(seconds=15)
"""Three beats missed: its seats do not count any more."""
GONE = timedelta(seconds=60)
"""So long silent, it is dead, and no mere hiccup of the ledger's."""
DRAIN = timedelta(seconds=130)
"""From a task's last beat, with which it takes no new call, to the end of its last call."""
FULL_RETRY_SECONDS = 10
"""Calls last minutes, so that in a fleet of some size one ends about as often."""


class NotNowError(Exception):
    """Nobody was phoned: it would have to wait. ``retry_after`` is in whole seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))


class NoFreeSeatError(NotNowError):
    """Nobody would be there to talk."""

    def __init__(self) -> None:
        super().__init__("all lines are busy; try again, or send `wait: true`", FULL_RETRY_SECONDS)


class PaceExceededError(NotNowError):
    """More calls are asked for than may be placed in a second."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            "too many calls at once; try again, send `wait: true`, "
            "or raise DIALOUT_CALLS_PER_SECOND to what your Twilio account allows",
            retry_after,
        )


@dataclass(frozen=True)
class Beat:
    """What a media task says of itself."""

    task_id: str
    seats: int
    live: int
    """Calls in progress."""
    draining: bool
    """It takes no new call."""
    at: datetime


@dataclass(frozen=True)
class Fleet:
    """The ledger at a glance."""

    beats: tuple[Beat, ...]
    used: int
    """Seats that calls have now, ringing or talking."""
    free_from: datetime | None
    """See ``pace.next_slot``."""

    def alive(self, at: datetime) -> frozenset[str]:
        """The tasks that may still be talking with somebody: one that drains says no more."""
        return frozenset(
            beat.task_id for beat in self.beats if at - beat.at < (DRAIN if beat.draining else GONE)
        )

    def capacity(self, at: datetime, most: int) -> int:
        """So many calls can be carried: the seats of the tasks that are alive, at most ``most``."""
        alive = (beat for beat in self.beats if not beat.draining and at - beat.at < STALE)
        return min(sum(beat.seats for beat in alive), most)

    def open_to(self, at: datetime, most: int, reserve: float) -> int:
        """So many of them are for whoever leaves a share to others: of a few seats, all are."""
        capacity = self.capacity(at, most)
        return capacity - int(capacity * reserve)


@dataclass(frozen=True)
class Place:
    """A seat and a moment that look free. Taking it fails, if another was faster."""

    capacity: int
    """It holds only while fewer seats than this are used…"""
    seen: datetime | None
    """…and while ``Fleet.free_from`` is still this."""
    at: datetime
    """When Twilio may be asked."""
    following: datetime


def find_place(
    fleet: Fleet, at: datetime, *, per_second: float, most: int, until: datetime,
    reserve: float = 0.0,
) -> Place:  # fmt: skip
    """A place for one more call.

    Args:
        fleet: the ledger as it was read just now.
        at: the present.
        per_second: calls that may be asked for in a second.
        most: calls that may be going on at once.
        until: nobody waits for a moment later than this.
        reserve: see ``Fleet.open_to``.

    Raises:
        NoFreeSeatError: every seat is taken.
        PaceExceededError: a seat is free, but the next free moment is too late.
    """
    capacity = fleet.open_to(at, most, reserve)
    if fleet.used >= capacity:
        raise NoFreeSeatError
    slot = next_slot(fleet.free_from, at, per_second)
    if slot.at > until:
        raise PaceExceededError((slot.at - until).total_seconds())
    return Place(capacity, fleet.free_from, slot.at, slot.following)
