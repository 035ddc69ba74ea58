"""A call that rings, and that somebody should prepare."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.call import RING_SECONDS, Call, Status

WORTHWHILE = timedelta(seconds=RING_SECONDS)
"""Nobody rings longer; what is older is not worth preparing any more."""


@dataclass(frozen=True)
class Preparation:
    """One message of the prepare queue."""

    call_id: str
    asked_at: datetime
    receipt: str
    """What the queue wants back when it is done."""

    def worthwhile(self, at: datetime) -> bool:
        """Whether it can still be of use."""
        return at - self.asked_at < WORTHWHILE


def rings(call: Call) -> bool:
    """Whether nobody has picked up yet, and somebody may."""
    return call.status in (Status.DIALING, Status.RINGING) and call.answered_at is None
