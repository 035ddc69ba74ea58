"""Requests that come at once and break off anywhere: the phone rings when the record says, once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Semaphore, Thread, current_thread
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.refused import ScheduleOverError
from calls.schedule import ScheduleChange, ScheduleRequest, State
from calls.scheduling import Scheduler
from calls.settings import Settings
from calls.timed import TimedCalls
from tests.clock import Clock
from tests.fakes import FakeCallRecords, FakeSchedules, FakeTimer

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURLY = ScheduleRequest.model_validate(
    {
        "rate": "1 hour",
        "request": {"to_number": "+15550100001", "from_number": "+15550000001"},
    }
)
ENDING: list[dict[str, Any]] = [{"state": "paused"}, {}]
"""The empty one cancels."""
CHANGES: list[dict[str, Any]] = [
    *ENDING,
    {"state": "active"},
    {"rate": "2 hours"},
    {"rate": "3 hours", "state": "active"},
]


class DiedError(BaseException):
    """The process was killed."""


class Process(Thread):
    """Somebody who does one request, and waits before each step until it is let."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._may, self._waits = Semaphore(0), Semaphore(0)
        self._dies = False
        self.over = False
        self.died = False
        self.failed: Exception | None = None

    def run(self) -> None:
        try:
            self.step()
            self._work()
        except DiedError:
            self.died = True
        except ScheduleOverError:
            pass
        except Exception as error:
            self.failed = error
        self.over = True
        self._waits.release()

    def step(self) -> None:
        """Wait until it is let; called before whatever somebody else could see."""
        self._waits.release()
        self._may.acquire()
        if self._dies:
            raise DiedError

    def begin(self) -> None:
        """Come to the first step."""
        self.start()
        self._waits.acquire()

    def go_on(self, *, dies: bool) -> None:
        """Do one step, or die before it."""
        self._dies = dies
        self._may.release()
        self._waits.acquire()


class InSteps:
    """A port, each request to which is a step of whoever makes it."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def request(*given: Any) -> Any:
            process = current_thread()
            if isinstance(process, Process):
                process.step()
            return method(*given)

        return request


class World:
    """One schedule, every hour, and those who change it."""

    def __init__(self) -> None:
        self.clock = Clock(AT)
        self.schedules, self.timer, self.records = FakeSchedules(), FakeTimer(), FakeCallRecords()
        configured = Settings(
            public_api_url="https://api.test", public_ws_url="wss://media.test/ws",
            calling_window="00:00-24:00",
        )  # fmt: skip
        ports: Any = [InSteps(each) for each in (self.schedules, self.timer)]
        self.scheduler = Scheduler(ports[0], ports[1], configured, self.clock)
        self.timed = TimedCalls(ports[0], self.records, ports[1], configured, self.clock)
        self.id = self.scheduler.create(HOURLY, api_key="crm").schedule.schedule_id

    def ask(self, change: dict[str, Any]) -> Callable[[], object]:
        if not change:
            return lambda: self.scheduler.cancel(self.id)
        return lambda: self.scheduler.change(self.id, ScheduleChange.model_validate(change))

    def rings(self, due_at: datetime) -> int:
        """How often the phone rings then."""
        self.clock.at = due_at + timedelta(seconds=1)
        return sum(self.timed.take(firing) is not None for firing in self.timer.fire(due_at))

    def check(self) -> None:
        """The phone rings at the record's own times, and what else still fired does so no more."""
        record = self.schedules.get(self.id)
        for hour in range(1, 8):
            at = AT + timedelta(hours=hour)
            due = record.next_at(at - timedelta(seconds=1)) == at
            assert self.rings(at) == due, (hour, record)
        left = [(self.id, record.timer)] if record.state is State.ACTIVE else []
        assert list(self.timer.timers) == left


def interleave(processes: list[Process], data: st.DataObject, *, deaths: bool) -> None:
    for each in processes:
        each.begin()
    while going := [each for each in processes if not each.over]:
        dies = deaths and data.draw(st.sampled_from([False, False, False, True]))
        going[data.draw(st.integers(0, len(going) - 1))].go_on(dies=dies)
    assert [each.failed for each in processes if each.failed] == []


@settings(deadline=None, max_examples=150)
@given(asked=st.lists(st.sampled_from(CHANGES), min_size=2, max_size=4), data=st.data())
def test_whatever_is_asked_for_at_once_the_phone_rings_when_the_record_says(
    asked: list[dict[str, Any]], data: st.DataObject
) -> None:
    world = World()
    interleave([Process(world.ask(each)) for each in asked], data, deaths=False)
    world.check()


@settings(deadline=None, max_examples=150)
@given(asked=st.lists(st.sampled_from(CHANGES), min_size=2, max_size=4), data=st.data())
def test_whoever_dies_over_it_takes_nothing_from_those_who_do_not(
    asked: list[dict[str, Any]], data: st.DataObject
) -> None:
    world = World()
    processes = [Process(world.ask(each)) for each in asked]
    interleave(processes, data, deaths=True)
    record = world.schedules.get(world.id)
    unanswered = [each for each, process in zip(asked, processes, strict=True) if process.died]
    if any(each not in ENDING for each in unanswered) and not record.over:
        # Whoever had it go on got no answer, and asks again.
        world.ask({"state": str(record.state)})()
    world.check()


@settings(deadline=None, max_examples=100)
@given(asked=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3), data=st.data())
def test_what_is_due_meanwhile_rings_once_at_most_and_takes_no_timer_that_is_needed(
    asked: list[dict[str, Any]], data: st.DataObject
) -> None:
    world = World()
    (firing,) = world.timer.fire(AT + timedelta(hours=1))
    world.clock.at = AT + timedelta(hours=1, seconds=1)
    firings = [Process(lambda: world.timed.take(firing)) for _ in range(2)]
    interleave([*firings, *(Process(world.ask(each)) for each in asked)], data, deaths=False)
    assert len(world.records.newest(AT.date(), limit=5)) <= 1
    for hour in range(2, 8):
        world.rings(AT + timedelta(hours=hour))
    record = world.schedules.get(world.id)
    left = [(world.id, record.timer)] if record.state is State.ACTIVE else []
    assert list(world.timer.timers) == left
