"""The fleet as the API shows it: who can talk with how many now."""

from datetime import datetime

from pydantic import BaseModel

from calls.call import now
from calls.seats import Fleet
from calls.settings import settings


class TaskView(BaseModel):
    """A media task, as it said last of itself."""

    task_id: str
    seats: int
    live: int
    """Calls that it has now."""
    draining: bool
    """It takes no new call, and hands over those that it has."""
    beat_at: datetime
    """When it said so."""


class FleetView(BaseModel):
    """How many calls there may be, and are."""

    seats: int
    """Calls that can go on at once now: those of the tasks that are there, and at most
    DIALOUT_MAX_CONCURRENT_CALLS."""
    taken: int
    """Seats that calls have: dialled, ringing or talking."""
    free: int
    calls_per_second: float
    """So fast is dialled at most."""
    tasks: list[TaskView]
    """Those that may still be talking with somebody."""


def view(fleet: Fleet) -> FleetView:
    """The fleet as it is now."""
    at, most = now(), settings().max_concurrent_calls
    seats, there = fleet.capacity(at, most), fleet.alive(at)
    return FleetView(
        seats=seats,
        taken=fleet.used,
        free=max(0, seats - fleet.used),
        calls_per_second=settings().calls_per_second,
        tasks=[
            TaskView(
                task_id=beat.task_id, seats=beat.seats, live=beat.live, draining=beat.draining,
                beat_at=beat.at,
            )
            for beat in sorted(fleet.beats, key=lambda beat: beat.task_id)
            if beat.task_id in there
        ],
    )  # fmt: skip
