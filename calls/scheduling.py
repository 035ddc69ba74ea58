"""Making, changing and ending schedules: the record first, what fires it second.

A crash between the two leaves a schedule that does not fire, or one that fires and dials nobody.
Every step can be done again, and then mends it.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from ulid import ULID

from calls import calling_window
from calls.call import now
from calls.calling_window import CallingWindowError
from calls.planning import plan
from calls.ports import Idempotency, Schedules, ScheduleTakenError, Timer
from calls.refused import IdempotencyConflictError, ScheduleOverError, ScheduleRefusedError
from calls.schedule import Schedule, ScheduleChange, ScheduleRequest, State
from calls.settings import Settings
from calls.when import When

_PAGE = 100


@dataclass(frozen=True)
class Scheduled:
    """The schedule that a request made, and whether it had been made before."""

    schedule: Schedule
    replayed: bool = False


@dataclass(frozen=True)
class Scheduler:
    """Schedules calls. It needs no phone network: who is due is phoned by the dialer."""

    schedules: Schedules
    timer: Timer
    settings: Settings
    clock: Callable[[], datetime] = now

    def create(
        self, asked: ScheduleRequest, *, api_key: str, idempotency_key: str | None = None
    ) -> Scheduled:
        """Schedule a call, once for one key.

        Args:
            asked: when, and whom.
            api_key: the name of the key in whose name the calls are made.
            idempotency_key: a request that is repeated with it makes no second schedule, for 24 h.

        Raises:
            ScheduleRefusedError: the time has passed, never comes, or needs a zone.
            DialRefusedError: the call could not be made at any time: no such agent, a variable
                that it needs is missing, no number to call from.
            IdempotencyConflictError: the key was used for another request.
        """
        key = None
        if idempotency_key is not None:
            digest = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
            key = Idempotency(api_key, idempotency_key, digest)
        try:
            if key:
                # Before all else: what is repeated late is not refused for being late.
                self.schedules.check_unused(key)
            schedule = self._planned(asked, api_key)
            self.schedules.create(schedule, key)
        except ScheduleTakenError as taken:
            if key is None or taken.request_sha256 != key.request_sha256:
                raise IdempotencyConflictError from taken
            return Scheduled(self._again(taken.schedule_id), replayed=True)
        try:
            self.timer.put(schedule)
        except Exception:
            # Nobody was promised anything yet.
            self.schedules.delete(schedule, key)
            raise
        return Scheduled(schedule)

    def get(self, schedule_id: str) -> Schedule:
        """The schedule as it stands.

        Raises:
            ScheduleNotFoundError: there is none.
        """
        return self.schedules.get(schedule_id).as_of(self.clock())

    def page(
        self, *, limit: int, before: str | None = None, to_number: str | None = None
    ) -> tuple[list[Schedule], str | None]:
        """Some schedules, newest first, and the cursor for those before them, if any.

        Args:
            limit: so many at most.
            before: only those older than this schedule.
            to_number: only those that phone this number.
        """
        found = self.schedules.newest(limit=limit + 1, before=before, to_number=to_number)
        at = self.clock()
        shown = [schedule.as_of(at) for schedule in found[:limit]]
        return shown, shown[-1].schedule_id if len(found) > limit else None

    def change(self, schedule_id: str, change: ScheduleChange) -> Schedule:
        """Pause it, let it go on, or give it another time or another call. May be repeated.

        Raises:
            ScheduleNotFoundError: there is none.
            ScheduleOverError: it is finished or cancelled.
            ScheduleRefusedError, DialRefusedError: as ``create``; it stays as it was.
        """
        at = self.clock()

        def changed(schedule: Schedule) -> Schedule:
            standing = schedule.as_of(at)
            if standing.over:
                raise ScheduleOverError(standing.state)
            wanted = self._changed(schedule, change)
            if wanted == schedule:
                return schedule
            if wanted != schedule.model_copy(update={"state": State.PAUSED}):
                # To be paused, it need not be right.
                self._check(wanted, at)
            if (wanted.state, wanted.when) != (schedule.state, schedule.when):
                wanted = wanted.with_another_timer(at)
            return wanted.model_copy(update={"updated_at": at})

        schedule = self.schedules.update(schedule_id, changed)
        self._set_timer(schedule, at)
        return schedule

    def cancel(self, schedule_id: str) -> Schedule:
        """End it: it makes no call any more. May be repeated; what is finished stays so.

        Raises:
            ScheduleNotFoundError: there is none.
        """
        at = self.clock()
        schedule = self.schedules.update(schedule_id, lambda s: s.as_of(at).cancel(at))
        self._set_timer(schedule, at)
        return schedule

    def cancel_number(self, number: str) -> list[str]:
        """End every schedule that phones this number; the ids of those that were still to.

        For a number that is never to be phoned again. May be repeated.
        """
        ended = []
        for schedule in self._of(number):
            if not schedule.as_of(self.clock()).over:
                self.cancel(schedule.schedule_id)
                ended.append(schedule.schedule_id)
        return ended

    def _of(self, number: str) -> Iterator[Schedule]:
        before = None
        while True:
            found = self.schedules.newest(limit=_PAGE, before=before, to_number=number)
            yield from found
            if len(found) < _PAGE:
                return
            before = found[-1].schedule_id

    def _again(self, schedule_id: str) -> Schedule:
        """The schedule of a request that is repeated, perhaps because we died over it."""
        at = self.clock()
        schedule = self.schedules.get(schedule_id)
        if not schedule.as_of(at).over:
            self._set_timer(schedule, at)
        return schedule.as_of(at)

    def _set_timer(self, schedule: Schedule, at: datetime) -> None:
        """Make what fires as the record says: the timer of its number, and none before.

        A timer that is made too late, or left by a crash, is deleted when it fires.
        """
        if schedule.state is not State.ACTIVE:
            # A timer that is only silenced would be left behind when its time has passed.
            self.timer.delete(schedule.schedule_id, schedule.timer)
        # What was due just now has fired, and must not do so twice.
        elif schedule.when.after(at, schedule.created_at) is not None:
            self.timer.put(schedule)
        if schedule.timer > 1:
            self.timer.delete(schedule.schedule_id, schedule.timer - 1)

    def _planned(self, asked: ScheduleRequest, api_key: str) -> Schedule:
        at = self.clock()
        schedule = Schedule(
            schedule_id=str(ULID.from_datetime(at)),
            name=asked.name,
            when=asked.when,
            request=asked.request,
            created_at=at,
            updated_at=at,
            api_key=api_key,
        )
        schedule = _placed(schedule)
        self._check(schedule, at)
        return schedule

    def _changed(self, schedule: Schedule, change: ScheduleChange) -> Schedule:
        try:
            return _placed(change.of(schedule))
        except ValidationError as error:
            reasons = (each["msg"].removeprefix("Value error, ") for each in error.errors())
            raise ScheduleRefusedError("; ".join(reasons)) from error

    def _check(self, schedule: Schedule, at: datetime) -> None:
        """Nothing, if it is right as far as can be told now: the dial rules hold when it is due."""
        plan(schedule.request, self.settings, at, schedule.api_key)
        if schedule.when.after(at, schedule.created_at) is None:
            if schedule.when.once is not None:
                raise ScheduleRefusedError("at: this time has passed")
            raise ScheduleRefusedError("there is no such time any more, before `end` or at all")


def _placed(schedule: Schedule) -> Schedule:
    """The schedule with its zone told: the one given, or the callee's."""
    if schedule.when.time_zone is not None:
        return schedule
    zone = _zone(schedule.when, schedule.request.to_number, schedule.request.time_zone)
    when = schedule.when.model_copy(update={"time_zone": zone})
    return schedule.model_copy(update={"when": when})


def _zone(when: When, number: str, given: str | None) -> str:
    try:
        found = calling_window.zones(number, given)
    except CallingWindowError as error:
        if given is not None:
            raise ScheduleRefusedError(str(error)) from error
        found = ()
    if len(found) == 1:
        return found[0]
    if when.needs_zone:
        raise ScheduleRefusedError(
            "give time_zone, such as Europe/Berlin: this number does not tell exactly one"
        )
    return "UTC"
