"""How often a number was dialled on one of its own days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calls.calling_window import CallingWindow, CallingWindowError, zones


@dataclass(frozen=True)
class Cap:
    """So many calls at most may go to a number on that day."""

    day: date
    most: int
    """0: as many as one likes."""


def place(number: str, time_zone: str | None) -> ZoneInfo:
    """Where the callee's day is counted: in the first of their zones; UTC, if none is known."""
    try:
        return ZoneInfo(zones(number, time_zone)[0])
    except CallingWindowError:
        return ZoneInfo("UTC")


def cap(number: str, time_zone: str | None, most: int, at: datetime) -> Cap:
    """The cap that a call at that moment falls under."""
    return Cap(at.astimezone(place(number, time_zone)).date(), most)


def next_day(
    number: str, time_zone: str | None, window: CallingWindow, at: datetime
) -> datetime | None:
    """When the number may be dialled again after its day's last attempt."""
    where = place(number, time_zone)
    tomorrow = at.astimezone(where).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), tzinfo=where).astimezone(UTC)
    if window.always:
        return midnight
    try:
        return window.next_open(midnight, zones(number, time_zone))
    except CallingWindowError:
        return None
