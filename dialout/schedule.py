"""Timed calls, as the API tells of them."""

from datetime import date, datetime

from dialout.call_request import CallRequest
from dialout.record import Record


class Schedule(Record):
    """A call, or many, at a time."""

    schedule_id: str
    name: str | None = None
    state: str
    """``active``, ``paused``, ``finished``, ``missed`` (its time passed without a call) or
    ``cancelled``."""
    at: str | None = None
    cron: str | None = None
    """In EventBridge's six fields."""
    rate: str | None = None
    time_zone: str | None = None
    start: date | None = None
    end: date | None = None
    next_at: datetime | None = None
    """When it makes its next call; None: it makes none, as it stands."""
    request: CallRequest
    created_at: datetime
    updated_at: datetime
    api_key: str | None = None
    last_call_id: str | None = None


class SchedulePage(Record):
    """Some schedules, newest first."""

    schedules: list[Schedule]
    cursor: str | None = None
    """Ask with it for the schedules before these; None when there are none."""
