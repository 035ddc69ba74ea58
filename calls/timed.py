"""A call that is due: a firing becomes a call that waits for its seat, at most once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from ulid import ULID

from calls.call import Call, EndReason, Status, now
from calls.planning import plan
from calls.ports import (
    CallRecords,
    Idempotency,
    IdempotencyTakenError,
    ScheduleNotFoundError,
    Schedules,
    Timer,
)
from calls.refused import DialRefusedError
from calls.schedule import PATIENCE, SCHEDULE_ID, Schedule, State
from calls.settings import Settings
from calls.waiting import Waiting


class Firing(BaseModel):
    """What a schedule puts on the timed queue. It may come twice, and late."""

    model_config = ConfigDict(frozen=True)

    schedule_id: str = Field(pattern=SCHEDULE_ID)
    timer: int
    """The number of the timer that fired."""
    execution_id: str = Field(min_length=1, max_length=100)
    """EventBridge's, the same when a message comes again."""
    due_at: AwareDatetime
    undelivered: str | None = None
    """Why it could not be put on its queue; None: it was."""

    @property
    def not_after(self) -> datetime:
        """Then nobody is phoned any more."""
        return self.due_at + PATIENCE


@dataclass(frozen=True)
class TimedCalls:
    """Makes the records of the calls that are due."""

    schedules: Schedules
    records: CallRecords
    timer: Timer
    settings: Settings
    clock: Callable[[], datetime] = now

    def take(self, firing: Firing) -> Waiting | None:
        """The call of this firing, to be dialled now; the same, however often it is asked for.

        None, if nobody is to be phoned: the schedule is paused, over or gone, or its call cannot be
        made. In the last case the call's record says why.
        """
        # No key of the API has an empty name.
        key = Idempotency("", f"schedule:{firing.schedule_id}:{firing.execution_id}", "")
        try:
            # A message that comes again is taken on, though its schedule may be finished by it.
            self.records.check_unused(key)
            schedule = self._firing(firing)
            if schedule is None:
                return None
            call = self._planned(schedule, firing)
            self.records.create(call, key)
        except IdempotencyTakenError as taken:
            call = self.records.get(taken.call_id)
        self._called(firing, call)
        if call.end_reason is not None:
            self.records.update(call.call_id, lambda c: c.end(EndReason.REFUSED, self.clock()))
            return None
        return Waiting(key=call.call_id, not_after=firing.not_after)

    def _firing(self, firing: Firing) -> Schedule | None:
        """The schedule that this firing is of, if it stands."""
        try:
            schedule = self.schedules.get(firing.schedule_id)
        except ScheduleNotFoundError:
            schedule = None
        if schedule is None or schedule.state is not State.ACTIVE or schedule.timer != firing.timer:
            # It fires on, because whoever ended it got no further than the record.
            self.timer.delete(firing.schedule_id, firing.timer)
        if schedule is None or not schedule.made(firing.timer, firing.due_at):
            return None
        return schedule

    def _planned(self, schedule: Schedule, firing: Firing) -> Call:
        """The call, waiting; with the reason of its end, if it cannot be made."""
        at = self.clock()
        call, refused = self._call(schedule, at)
        call = call.model_copy(update={"schedule_id": schedule.schedule_id})
        if firing.undelivered is not None:
            call = call.note("undelivered", at, firing.undelivered)
        call = call.note(Status.QUEUED, at, not_after=firing.not_after)
        if refused is None:
            return call
        return call.note("refused", at, refused).will_end(EndReason.REFUSED)

    def _call(self, schedule: Schedule, at: datetime) -> tuple[Call, str | None]:
        """What is asked for; and if it cannot be made any more, what is wrong."""
        request = schedule.request
        try:
            return plan(request, self.settings, at, schedule.api_key), None
        except DialRefusedError as error:
            call = Call(
                call_id=str(ULID.from_datetime(at)),
                to_number=request.to_number,
                from_number=request.from_number or self.settings.default_from_number,
                time_zone=request.time_zone,
                agent=request.agent or self.settings.default_agent,
                variables=request.variables,
                metadata=request.metadata,
                webhook_url=request.webhook_url,
                api_key=schedule.api_key,
                created_at=at,
                max_call_seconds=self.settings.max_call_seconds,
                stream_until=at,
            )
            return call, error.code

    def _called(self, firing: Firing, call: Call) -> None:
        try:
            self.schedules.update(
                firing.schedule_id, lambda s: s.called(call.call_id, self.clock())
            )
        except ScheduleNotFoundError:
            return
