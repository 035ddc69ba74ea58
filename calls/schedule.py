"""A call, or many, to be made at a time: what is asked for, and what is kept of it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from calls.dial_request import DialRequest
from calls.when import At, CronText, Day, Rate, When, Zone

PATIENCE = timedelta(minutes=5)
"""So long after it was due a call may still be made: a wake-up call an hour late wakes nobody."""
_PRECISION = timedelta(minutes=1)
"""EventBridge fires within so long of the time."""
SCHEDULE_ID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
"""Every schedule's id: a ULID."""
Name = Annotated[str, Field(min_length=1, max_length=100)]


class State(StrEnum):
    """Whether a schedule makes calls."""

    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    MISSED = "missed"
    """Its one time passed, and no call was made: it was paused, or never fired."""
    CANCELLED = "cancelled"


def _unwanted(value: object) -> object:
    if value:
        raise ValueError("this is not for schedules: a call that is due waits for its turn")
    return value


Never = Annotated[Literal[False], BeforeValidator(_unwanted)]


class TimedRequest(DialRequest):
    """The body of ``POST /dialout``, for a call that is made at a time."""

    wait: Never = False
    """Not for a schedule: a call that is due waits by itself, for five minutes at most."""
    dry_run: Never = False
    """Not for a schedule."""


def _timed(given: object) -> object:
    return given.model_dump() if isinstance(given, DialRequest) else given


Timed = Annotated[TimedRequest, BeforeValidator(_timed)]


class ScheduleRequest(When):
    """The body of ``POST /schedules``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "wake-up",
                    "cron": "30 7 ? * MON-FRI *",
                    "time_zone": "America/New_York",
                    "request": {"to_number": "+15550100001", "from_number": "+15550000001"},
                }
            ]
        }
    )

    name: Name | None = None
    """Yours, to know it again."""
    request: Timed
    """The body of `POST /dialout`, without `wait` and `dry_run`."""

    @property
    def when(self) -> When:
        """The times alone."""
        return When.model_validate({name: getattr(self, name) for name in When.model_fields})


class ScheduleChange(BaseModel):
    """The body of ``PATCH /schedules/{schedule_id}``: what is not given stays."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"state": "paused"}]}
    )

    state: Literal["active", "paused"] | None = None
    """`paused`: it makes no calls until it is `active` again."""
    name: Name | None = None
    at: At | None = None
    """Any of `at`, `cron` and `rate` takes the place of what stood before."""
    cron: CronText | None = None
    rate: Rate | None = None
    time_zone: Zone | None = None
    start: Day | None = None
    """null: none, as for `end`."""
    end: Day | None = None
    request: Timed | None = None
    """The whole of it, in the place of what stood before."""

    def of(self, schedule: "Schedule") -> "Schedule":
        """The schedule with what is given in its place, not checked against the present yet.

        Raises:
            ValidationError: its times do not go together.
        """
        given = self.model_fields_set
        times = schedule.when.model_dump()
        if self.at or self.cron or self.rate:
            times |= {"at": None, "cron": None, "rate": None}
        times |= {name: getattr(self, name) for name in When.model_fields if name in given}
        changes: dict[str, Any] = {"when": When.model_validate(times)}
        if self.state is not None:
            changes["state"] = State(self.state)
        if self.request is not None:
            changes["request"] = self.request
        if "name" in given:
            changes["name"] = self.name
        return schedule.model_copy(update=changes)


class Schedule(BaseModel):
    """A schedule as it is kept. Frozen: every change makes another."""

    model_config = ConfigDict(frozen=True)

    schedule_id: str
    """A ULID."""
    name: str | None = None
    when: When
    """With its time zone."""
    request: TimedRequest
    state: State = State.ACTIVE
    created_at: datetime
    updated_at: datetime
    api_key: str
    """The name of the key that asked for it; its calls are in that name."""
    last_call_id: str | None = None
    timer: int = 1
    """The number of its timer. When it is paused, goes on or gets another time it gets another, for
    good: so whoever is late with a request, or dies over it, touches no timer that is needed."""
    timer_since: datetime | None = None
    """Since when; None: from the beginning."""

    def next_at(self, at: datetime) -> datetime | None:
        """When it makes its next call; None, if it makes none as it stands."""
        if self.state is not State.ACTIVE:
            return None
        return self.when.after(at, self.created_at)

    def as_of(self, at: datetime) -> "Schedule":
        """This schedule as it stands then: over, if its last time has passed."""
        if self.state not in (State.ACTIVE, State.PAUSED):
            return self
        # A call that was due just now may still be on its way.
        if self.when.after(at - PATIENCE, self.created_at) is not None:
            return self
        # A call that was made once has finished it.
        state = State.FINISHED if self.when.once is None else State.MISSED
        return self.model_copy(update={"state": state})

    @property
    def over(self) -> bool:
        """Whether it will never make a call again."""
        return self.state in (State.FINISHED, State.MISSED, State.CANCELLED)

    def cancel(self, at: datetime) -> "Schedule":
        """This schedule ended by request; itself, if it is over."""
        if self.over:
            return self
        return self.model_copy(update={"state": State.CANCELLED, "updated_at": at})

    def with_another_timer(self, at: datetime) -> "Schedule":
        """This schedule after its state or its times changed: no timer before is needed again."""
        return self.model_copy(update={"timer": self.timer + 1, "timer_since": at})

    def made(self, timer: int, due_at: datetime) -> bool:
        """Whether a call is to be made because its timer of this number fired at that time."""
        if self.state is not State.ACTIVE or not self._at_its_time(due_at):
            return False
        if timer == self.timer:
            return True
        # What fired just before it was given another may still be on its way.
        return (
            timer == self.timer - 1 and self.timer_since is not None and due_at <= self.timer_since
        )

    def _at_its_time(self, due_at: datetime) -> bool:
        """Not, if this was the time of what happens once before it was given another."""
        return self.when.once is None or abs(due_at - self.when.once) <= _PRECISION

    def called(self, call_id: str, at: datetime) -> "Schedule":
        """This schedule after it was due and its call's record was made."""
        state = self.state
        if self.when.once is not None and not self.over:
            state = State.FINISHED
        if (self.last_call_id, self.state) == (call_id, state):
            return self
        return self.model_copy(update={"last_call_id": call_id, "state": state, "updated_at": at})
