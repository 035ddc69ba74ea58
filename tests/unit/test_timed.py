"""A firing becomes a call that waits, at most once, or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calls.call import Call, EndReason, Status
from calls.schedule import Schedule, ScheduleRequest, State
from calls.settings import Settings
from calls.timed import Firing, TimedCalls
from calls.waiting import Waiting
from tests.clock import Clock
from tests.fakes import FakeCallRecords, FakeSchedules, FakeTimer

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = "01J00000000000000000000001"
CALL = {
    "to_number": "+15550100001", "from_number": "+15550000001", "metadata": {"order": "7"},
    "variables": {"name": "Sarah"},
}  # fmt: skip


class World:
    """Timed calls with everything around them, and a schedule."""

    def __init__(self, **asked: Any) -> None:
        self.clock = Clock(AT + timedelta(seconds=20))
        self.schedules, self.records, self.timer = FakeSchedules(), FakeCallRecords(), FakeTimer()
        self.settings = Settings(
            public_api_url="https://api.test", public_ws_url="wss://media.test/ws",
            calling_window="00:00-24:00",
        )  # fmt: skip
        times = {"at": AT.isoformat()} if not {"cron", "rate"} & set(asked) else {}
        wanted = ScheduleRequest.model_validate({**times, "request": CALL, **asked})
        self.schedule = Schedule(
            schedule_id=ID, when=wanted.when, request=wanted.request, api_key="crm",
            created_at=AT - timedelta(days=1), updated_at=AT - timedelta(days=1),
        )  # fmt: skip
        self.schedules.create(self.schedule)
        self.timer.put(self.schedule)

    def take(
        self, execution: str = "e1", due_at: datetime = AT, schedule_id: str = ID, timer: int = 1
    ) -> Any:
        timed = TimedCalls(self.schedules, self.records, self.timer, self.settings, self.clock)
        return timed.take(
            Firing(schedule_id=schedule_id, timer=timer, execution_id=execution, due_at=due_at)
        )

    def become(self, **changes: Any) -> None:
        self.schedules.update(ID, lambda one: one.model_copy(update=changes))

    @property
    def calls(self) -> list[Call]:
        return self.records.newest(AT.date(), limit=10)


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_due_waits_for_its_seat_with_all_that_was_asked_for(world: World) -> None:
    waiting = world.take()
    (call,) = world.calls
    assert waiting == Waiting(key=call.call_id, not_after=AT + timedelta(minutes=5))
    assert (call.status, call.not_after) == (Status.QUEUED, waiting.not_after)
    assert (call.schedule_id, call.api_key) == (ID, "crm")
    assert (call.to_number, call.metadata) == ("+15550100001", {"order": "7"})
    assert call.variables == {"name": "Sarah"}
    kept = world.schedules.get(ID)
    assert (kept.state, kept.last_call_id) == (State.FINISHED, call.call_id)


def test_a_firing_that_comes_again_is_the_same_call(world: World) -> None:
    assert world.take() == world.take()
    assert len(world.calls) == 1


def test_a_call_that_was_kept_when_we_died_is_taken_on(world: World) -> None:
    waiting = world.take()
    # As if we had died before the schedule knew of it.
    world.become(last_call_id=None, state=State.ACTIVE)
    assert world.take() == waiting
    assert world.schedules.get(ID).state is State.FINISHED


def test_what_happens_once_does_so_once_however_often_it_fires(world: World) -> None:
    world.take("e1")
    assert world.take("e2") is None
    assert len(world.calls) == 1


def test_what_recurs_makes_a_call_each_time() -> None:
    world = World(rate="1 day")
    for day in range(3):
        world.clock.at = AT + timedelta(days=day, seconds=1)
        assert world.take(f"e{day}", AT + timedelta(days=day)).not_after == AT + timedelta(
            days=day, minutes=5
        )
    assert world.schedules.get(ID).state is State.ACTIVE
    newest = world.records.newest((AT + timedelta(days=2)).date(), limit=1)
    assert world.schedules.get(ID).last_call_id == newest[0].call_id


def test_what_is_paused_phones_nobody_and_that_timer_fires_no_more(world: World) -> None:
    world.become(state=State.PAUSED)
    assert world.take() is None
    assert world.calls == []
    # When it goes on, it has another.
    assert world.timer.timers == {}


@pytest.mark.parametrize(
    ("timer", "since", "made"),
    [
        (2, timedelta(seconds=-10), True),
        # On its way when it was given another.
        (1, timedelta(seconds=10), True),
        (1, timedelta(0), True),
        # Left by somebody who died.
        (1, timedelta(seconds=-10), False),
        (0, timedelta(seconds=10), False),
    ],
)
def test_a_timer_that_is_another_s_predecessor_makes_no_call_but_its_last(
    timer: int, since: timedelta, made: bool
) -> None:
    world = World(rate="1 day")
    later = world.schedule.model_copy(update={"timer": 2, "timer_since": AT + since})
    world.become(timer=2, timer_since=AT + since)
    world.timer.timers = {(ID, 2): later, (ID, timer): later}
    assert (world.take(timer=timer) is not None) == made
    assert len(world.calls) == made
    assert list(world.timer.timers) == [(ID, 2)]


def test_a_firing_that_was_not_delivered_says_why_and_is_one_call(world: World) -> None:
    world.clock.at = AT + timedelta(minutes=6)
    lost = Firing(schedule_id=ID, timer=1, execution_id="e1", due_at=AT, undelivered="AccessDenied")
    timed = TimedCalls(world.schedules, world.records, world.timer, world.settings, world.clock)
    waiting = [timed.take(lost) for _ in range(2)]
    # It came by its own way, too.
    assert [*waiting, world.take()] == [waiting[0]] * 3
    (call,) = world.calls
    assert call.not_after == AT + timedelta(minutes=5)
    assert [(each.event, each.detail) for each in call.timeline] == [
        ("undelivered", "AccessDenied"),
        ("queued", None),
    ]


@pytest.mark.parametrize("state", [State.CANCELLED, State.FINISHED])
def test_what_is_over_phones_nobody_and_fires_no_more(world: World, state: State) -> None:
    world.become(state=state)
    assert world.take() is None
    assert world.calls == []
    assert world.timer.timers == {}


def test_what_is_gone_phones_nobody_and_fires_no_more(world: World) -> None:
    other = ID.replace("1J", "1K")
    world.timer.timers[other, 1] = world.schedule
    assert world.take(schedule_id=other) is None
    assert world.calls == []
    assert list(world.timer.timers) == [(ID, 1)]


def test_a_firing_of_a_time_that_was_moved_phones_nobody(world: World) -> None:
    for hours in (1, -1):
        assert world.take(due_at=AT + timedelta(hours=hours)) is None
    assert world.calls == []
    assert world.schedules.get(ID).state is State.ACTIVE


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({**CALL, "agent": "gone"}, "invalid_request"),
        ({"to_number": "+15550100001"}, "invalid_request"),
    ],
)
def test_a_call_that_cannot_be_made_any_more_says_why(request_: dict[str, Any], code: str) -> None:
    world = World(request=request_)
    for _ in range(2):
        assert world.take() is None
    (call,) = world.calls
    assert (call.status, call.end_reason) == (Status.ENDED, EndReason.REFUSED)
    assert ("refused", code) in [(entry.event, entry.detail) for entry in call.timeline]
    assert call.schedule_id == ID


def test_a_call_that_cannot_be_made_is_not_made_though_we_died_over_it() -> None:
    world = World(request={**CALL, "agent": "gone"})
    world.take()
    (ended,) = world.calls
    # As if we had died before it was ended.
    world.records.update(
        ended.call_id,
        lambda call: call.model_copy(update={"status": Status.QUEUED, "ended_at": None}),
    )
    assert world.take() is None
    assert world.records.get(ended.call_id).ended
