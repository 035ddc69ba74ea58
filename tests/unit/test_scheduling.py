"""Making, changing and ending schedules, also when something breaks between the two writes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from calls.ports import ScheduleNotFoundError
from calls.refused import (
    DialRefusedError,
    IdempotencyConflictError,
    ScheduleOverError,
    ScheduleRefusedError,
)
from calls.schedule import ScheduleChange, ScheduleRequest, State
from calls.scheduling import Scheduled, Scheduler
from calls.settings import Settings
from tests.clock import Clock
from tests.fakes import FakeSchedules, FakeTimer

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = {"to_number": "+15550100001", "from_number": "+15550000001"}
BERLIN = {"to_number": "+493012345678", "from_number": "+15550000001"}
DAILY = {"cron": "30 7 * * *", "time_zone": "America/New_York", "request": CALL}
HOUR = timedelta(hours=1)


class World:
    """A scheduler with everything around it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock(AT)
        self.schedules = FakeSchedules()
        self.timer = FakeTimer()
        self.scheduler = Scheduler(
            self.schedules,
            self.timer,
            Settings(
                public_api_url="https://api.test",
                public_ws_url="wss://media.test/ws",
                calling_window="00:00-24:00",
                **settings,
            ),
            self.clock,
        )

    def create(self, key: str | None = None, **asked: Any) -> Scheduled:
        request = ScheduleRequest.model_validate(asked or DAILY)
        return self.scheduler.create(request, api_key="crm", idempotency_key=key)

    def change(self, schedule_id: str, **given: Any) -> Any:
        return self.scheduler.change(schedule_id, ScheduleChange.model_validate(given))

    @property
    def timers(self) -> dict[str, State]:
        return {schedule_id: each.state for (schedule_id, _), each in self.timer.timers.items()}


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_scheduled_is_kept_and_fires(world: World) -> None:
    made = world.create().schedule
    assert world.scheduler.get(made.schedule_id) == made
    assert world.timer.timers == {(made.schedule_id, 1): made}
    assert made.next_at(AT) == datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    assert (made.state, made.api_key, made.created_at) == (State.ACTIVE, "crm", AT)


@pytest.mark.parametrize(
    ("asked", "zone"),
    [
        ({"cron": "30 7 * * *", "request": BERLIN}, "Europe/Berlin"),
        ({"cron": "30 7 * * *", "request": {**CALL, "time_zone": "Asia/Tokyo"}}, "Asia/Tokyo"),
        ({**DAILY, "request": BERLIN}, "America/New_York"),
        # What means the same everywhere needs no place.
        ({"rate": "1 hour", "request": CALL}, "UTC"),
        ({"at": "2026-11-23T07:30Z", "request": CALL}, "UTC"),
    ],
)
def test_times_are_the_callees_unless_it_is_said_otherwise(
    world: World, asked: dict[str, Any], zone: str
) -> None:
    assert world.create(**asked).schedule.when.time_zone == zone


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cron": "30 7 * * *", "request": CALL}, "give time_zone"),
        ({"at": "2026-11-23T07:30", "request": CALL}, "give time_zone"),
        ({"at": "2026-11-22T12:00Z", "request": CALL}, "this time has passed"),
        ({**DAILY, "cron": "0 0 31 2 ? *"}, "no such time"),
        ({**DAILY, "end": "2026-11-21"}, "no such time"),
    ],
)
def test_what_can_never_be_is_refused_at_once(
    world: World, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(ScheduleRefusedError, match=words):
        world.create(**asked)
    assert world.schedules.newest(limit=1) == []
    assert world.timers == {}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({**CALL, "agent": "nobody"}, "no agent 'nobody'"),
        ({"to_number": "+15550100001"}, "give from_number"),
        ({**CALL, "time_zone": "Europe/Atlantis"}, "no such zone"),
    ],
)
def test_a_call_that_could_never_be_made_is_refused_at_once(
    world: World, call: dict[str, Any], words: str
) -> None:
    with pytest.raises((DialRefusedError, ScheduleRefusedError), match=words):
        world.create(rate="1 hour", request=call)
    assert world.schedules.newest(limit=1) == []


def test_hours_that_are_quiet_are_asked_about_when_the_call_is_due() -> None:
    world = World()
    settings = world.scheduler.settings.model_copy(update={"calling_window": "08:00-21:00"})
    scheduler = Scheduler(world.schedules, world.timer, settings, world.clock)
    night = {"cron": "0 3 * * *", "time_zone": "Europe/Berlin", "request": BERLIN}
    assert scheduler.create(ScheduleRequest.model_validate(night), api_key="crm").schedule


@pytest.mark.parametrize("field", ["wait", "dry_run"])
def test_what_a_timed_call_cannot_have_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="not for schedules"):
        ScheduleRequest.model_validate({**DAILY, "request": {**CALL, field: True}})
    with pytest.raises(ValidationError, match="not for schedules"):
        ScheduleChange.model_validate({"request": {**CALL, field: True}})


def test_one_key_makes_one_schedule(world: World) -> None:
    first = world.create("k")
    again = world.create("k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.schedule == first.schedule
    assert len(world.schedules.newest(limit=5)) == 1
    with pytest.raises(IdempotencyConflictError):
        world.create("k", **{**DAILY, "name": "another"})


def test_a_request_that_is_repeated_late_is_answered_as_the_first(world: World) -> None:
    at = {"at": "2026-11-22T13:00Z", "request": CALL}
    first = world.create("k", **at)
    world.clock.at += 2 * HOUR
    world.timer.timers.clear()  # It has fired.
    again = world.create("k", **at)
    assert again.schedule.schedule_id == first.schedule.schedule_id
    # Nobody was phoned, or it would be finished since.
    assert again.schedule.state is State.MISSED
    assert world.timers == {}


def test_without_a_timer_there_is_no_schedule(world: World) -> None:
    world.timer.error = RuntimeError("throttled")
    with pytest.raises(RuntimeError):
        world.create("k")
    assert world.schedules.newest(limit=1) == []
    assert world.create("k").replayed is False


def test_a_repeated_request_mends_what_a_crash_left(world: World) -> None:
    made = world.create("k").schedule
    world.timer.timers.clear()  # As if we had died between the two.
    assert world.create("k").replayed
    assert world.timers == {made.schedule_id: State.ACTIVE}


def test_pause_and_resume(world: World) -> None:
    made = world.create().schedule
    for state in ("paused", "paused", "active", "active"):
        changed = world.change(made.schedule_id, state=state)
        assert changed.state == state
        # What is paused has none, which nobody would take back once its time has passed.
        assert world.timers == ({made.schedule_id: State.ACTIVE} if state == "active" else {})
        assert (changed.next_at(AT) is None) == (state == "paused")


def test_a_pause_that_broke_half_way_is_done_by_doing_it_again(world: World) -> None:
    made = world.create().schedule
    world.timer.error = RuntimeError("throttled")
    with pytest.raises(RuntimeError):
        world.change(made.schedule_id, state="paused")
    # Already now nobody is phoned: a firing looks at the record.
    assert world.scheduler.get(made.schedule_id).state is State.PAUSED
    world.change(made.schedule_id, state="paused")
    assert world.timers == {}


def test_what_is_not_right_any_more_can_be_paused_and_does_not_go_on(world: World) -> None:
    world = World(default_from_number="+15550000001")
    made = world.create(rate="1 hour", request={"to_number": "+15550100001"}).schedule
    without = world.scheduler.settings.model_copy(update={"default_from_number": ""})
    world.scheduler = Scheduler(world.schedules, world.timer, without, world.clock)
    assert world.change(made.schedule_id, state="paused").state is State.PAUSED
    with pytest.raises(DialRefusedError):
        world.change(made.schedule_id, state="active")
    assert world.timers == {}


def test_another_time_takes_the_place_of_the_first(world: World) -> None:
    made = world.create(**{**DAILY, "end": "2026-12-24"}).schedule
    changed = world.change(made.schedule_id, rate="2 hours")
    assert (changed.when.cron, changed.when.rate) == (None, "2 hours")
    assert changed.when.end == made.when.end
    assert changed.when.time_zone == "America/New_York"
    assert world.timer.timers == {(made.schedule_id, 2): changed}
    changed = world.change(made.schedule_id, at="2026-12-01T09:00", end=None, name="party")
    assert changed.when.once == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert (changed.when.end, changed.name) == (None, "party")
    other = world.change(made.schedule_id, request={**CALL, "to_number": "+15550100002"})
    assert other.request.to_number == "+15550100002"
    assert other.when == changed.when


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"at": "2026-11-22T09:00Z"}, "this time has passed"),
        ({"at": "2026-12-22T09:00Z", "end": "2026-12-24"}, "are for `cron` and `rate`"),
        ({"end": "2026-11-21"}, "no such time"),
        ({"cron": None}, "give one of"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    world: World, given: dict[str, Any], words: str
) -> None:
    made = world.create().schedule
    with pytest.raises(ScheduleRefusedError, match=words):
        world.change(made.schedule_id, **given)
    assert world.scheduler.get(made.schedule_id) == made


def test_a_call_that_was_due_just_now_does_not_fire_twice(world: World) -> None:
    made = world.create(at="2026-11-22T13:00Z", request=CALL).schedule
    world.clock.at += HOUR + timedelta(seconds=5)
    world.timer.timers.clear()  # It has fired.
    assert world.change(made.schedule_id, state="active") == made
    assert world.change(made.schedule_id, state="paused").state is State.PAUSED
    with pytest.raises(ScheduleRefusedError, match="has passed"):
        world.change(made.schedule_id, state="active")
    assert world.timers == {}
    changed = world.change(made.schedule_id, state="active", at="2026-11-22T14:00Z")
    assert world.timer.timers == {(made.schedule_id, changed.timer): changed}


def test_what_is_cancelled_stays_so(world: World) -> None:
    made = world.create().schedule
    for _ in range(2):
        assert world.scheduler.cancel(made.schedule_id).state is State.CANCELLED
        assert world.timers == {}
    with pytest.raises(ScheduleOverError, match="cancelled"):
        world.change(made.schedule_id, state="active")
    with pytest.raises(ScheduleNotFoundError):
        world.scheduler.cancel("01J00000000000000000000000")


def test_what_has_had_its_last_time_is_finished(world: World) -> None:
    once = world.create(at="2026-11-22T13:00Z", request=CALL).schedule
    daily = world.create(**{**DAILY, "end": "2026-11-22"}).schedule
    world.clock.at += HOUR + timedelta(minutes=4)
    assert world.scheduler.get(once.schedule_id).state is State.ACTIVE
    world.clock.at += timedelta(minutes=1)
    for made, state in ((once, State.MISSED), (daily, State.FINISHED)):
        assert world.scheduler.get(made.schedule_id).state is state
        with pytest.raises(ScheduleOverError, match=state):
            world.change(made.schedule_id, state="paused")
    shown, _ = world.scheduler.page(limit=5)
    assert [each.state for each in shown] == [State.FINISHED, State.MISSED]
    assert world.scheduler.cancel(once.schedule_id).state is State.MISSED


def test_what_was_paused_at_its_time_was_missed_and_leaves_no_timer(world: World) -> None:
    once = world.create(at="2026-11-22T13:00Z", request=CALL).schedule
    daily = world.create(**{**DAILY, "end": "2026-11-22"}).schedule
    for made in (once, daily):
        world.change(made.schedule_id, state="paused")
    world.clock.at += HOUR + timedelta(minutes=5)
    assert world.scheduler.get(once.schedule_id).state is State.MISSED
    assert world.scheduler.get(daily.schedule_id).state is State.FINISHED
    assert world.timers == {}


def test_pages_are_newest_first_and_say_whether_there_are_more(world: World) -> None:
    made = []
    for number in range(5):
        world.clock.at += timedelta(seconds=1)
        call = {**CALL, "to_number": f"+1555010000{number % 2 + 1}"}
        made.append(world.create(**{**DAILY, "request": call}).schedule)
    first, cursor = world.scheduler.page(limit=2)
    assert first == [made[4], made[3]]
    second, cursor = world.scheduler.page(limit=2, before=cursor)
    assert second == [made[2], made[1]]
    assert world.scheduler.page(limit=2, before=cursor) == ([made[0]], None)
    assert world.scheduler.page(limit=3, to_number="+15550100001") == (made[4::-2], None)


def test_all_that_phones_a_number_is_cancelled_and_nothing_else(world: World) -> None:
    sarah = []
    for _ in range(102):  # More than a page.
        world.clock.at += timedelta(seconds=1)
        sarah.append(world.create().schedule.schedule_id)
    world.change(sarah[0], state="paused")
    world.scheduler.cancel(sarah[1])
    tom = world.create(**{**DAILY, "request": {**CALL, "to_number": "+15550100002"}}).schedule
    ended = world.scheduler.cancel_number("+15550100001")
    assert sorted(ended) == sorted(set(sarah) - {sarah[1]})
    assert world.timers == {tom.schedule_id: State.ACTIVE}
    assert world.scheduler.cancel_number("+15550100001") == []
