"""How fast calls may be asked for: each takes the next free moment, and none is handed out twice.

A slot, and no bucket of tokens: Twilio counts calls per second and keeps what is too much in a
queue of its own, so a burst would gain nobody anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Slot:
    """A moment at which one call may be asked for."""

    at: datetime
    following: datetime
    """The earliest moment of whoever comes next."""


def next_slot(free_from: datetime | None, at: datetime, per_second: float) -> Slot:
    """The first moment that is free.

    Args:
        free_from: the ``following`` of the slot that was taken last; None, if none ever was.
        at: the present.
        per_second: so many calls a second.
    """
    moment = at if free_from is None else max(free_from, at)
    return Slot(moment, moment + timedelta(seconds=1 / per_second))
