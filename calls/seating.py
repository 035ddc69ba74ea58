"""Taking a seat: look, try, and look again if another was faster."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from calls.call import now
from calls.ports import Ledger
from calls.seats import NoFreeSeatError, PaceExceededError, Place, find_place

PATIENCE = timedelta(seconds=3)
"""So long a request waits for its turn."""
_LOOK_AGAIN_SECONDS = 0.05

Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Seating:
    """Finds places in the ledger. It blocks, for PATIENCE and what the ledger needs."""

    ledger: Ledger
    per_second: float
    most: int
    """See ``seats.find_place``."""
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    reserve: float = 0.0
    """See ``seats.Fleet.open_to``."""

    def take(self, attempt: Callable[[Place], Taken | None]) -> tuple[Taken, datetime]:
        """What ``attempt`` made of the first place that it got, and when Twilio may be asked.

        Args:
            attempt: takes a place; None, if another was faster.

        Raises:
            NoFreeSeatError, PaceExceededError: see ``seats.find_place``; nothing was taken.
        """
        until = self.clock() + PATIENCE
        while True:
            place = find_place(
                self.ledger.fleet(),
                self.clock(),
                per_second=self.per_second,
                most=self.most,
                until=until,
                reserve=self.reserve,
            )
            taken = attempt(place)
            if taken is not None:
                return taken, place.at
            if self.clock() >= until:
                raise PaceExceededError(PATIENCE.total_seconds())
            # Not all at the same time again.
            self.sleep(random.uniform(0, _LOOK_AGAIN_SECONDS))  # noqa: S311 -- no secret

    def admit(self, attempt: Callable[[int], Taken | None]) -> Taken:
        """What ``attempt`` made of a free seat, for somebody who phones us: no pace is kept.

        Args:
            attempt: takes a seat, if fewer than so many are used; None, if another was faster.

        Raises:
            NoFreeSeatError: every seat is taken.
        """
        until = self.clock() + PATIENCE
        while self.free() and self.clock() < until:
            taken = attempt(self.ledger.fleet().capacity(self.clock(), self.most))
            if taken is not None:
                return taken
            self.sleep(random.uniform(0, _LOOK_AGAIN_SECONDS))  # noqa: S311 -- no secret
        raise NoFreeSeatError

    def free(self) -> int:
        """So many seats are free now."""
        fleet = self.ledger.fleet()
        return max(0, fleet.capacity(self.clock(), self.most) - fleet.used)

    def await_turn(self, at: datetime) -> None:
        """Wait until then."""
        self.sleep(max(0.0, (at - self.clock()).total_seconds()))
