"""The ports' fakes. The contract suites in tests/contract run on them as on the real adapters."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from queue import Empty, Queue
from threading import Lock
from typing import Any

from calls.agent import Agent
from calls.attempts import Cap
from calls.call import Call, Turn, now
from calls.do_not_call import Listing
from calls.greeting import Greeting
from calls.ports import (
    CallNotFoundError,
    CapReachedError,
    FencedError,
    Idempotency,
    IdempotencyTakenError,
    NumberListedError,
    ScheduleNotFoundError,
    ScheduleTakenError,
    SecretMissingError,
    TwilioCall,
)
from calls.preparation import Preparation
from calls.schedule import Schedule
from calls.seats import Beat, Fleet, Place
from calls.timed import Firing
from calls.waiting import Waiting


class FakeCallRecords:
    """Call records in memory."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._turns: dict[str, dict[int, Turn]] = {}
        self._keys: dict[tuple[str, str], tuple[str, str]] = {}
        self._lock = Lock()
        self._leases: dict[str, datetime] = {}
        self._listed: dict[str, Listing] = {}
        self._attempts: Counter[tuple[str, date]] = Counter()
        self._used = 0

    def create(self, call: Call, idempotency: Idempotency | None = None) -> None:
        with self._lock:
            self._create(call, idempotency)

    def _create(self, call: Call, idempotency: Idempotency | None) -> None:
        if idempotency:
            self.check_unused(idempotency)
            key = (idempotency.api_key, idempotency.key)
            self._keys[key] = (call.call_id, idempotency.request_sha256)
        self._calls[call.call_id] = call

    def check_unused(self, idempotency: Idempotency) -> None:
        key = (idempotency.api_key, idempotency.key)
        if key in self._keys:
            raise IdempotencyTakenError(*self._keys[key])

    def made_for(self, api_key: str, key: str) -> str | None:
        found = self._keys.get((api_key, key))
        return found[0] if found else None

    def get(self, call_id: str) -> Call:
        try:
            return self._calls[call_id]
        except KeyError:
            raise CallNotFoundError(call_id) from None

    def update(
        self, call_id: str, change: Callable[[Call], Call], created: Call | None = None
    ) -> Call:
        with self._lock:
            changed = change(self.get(call_id))
            self._calls[call_id] = changed
            if changed.ended and self._leases.pop(call_id, None):
                self._used -= 1
            return changed

    def append_turn(self, call_id: str, leg: int, turn: Turn) -> None:
        with self._lock:
            if self.get(call_id).active_leg != leg:
                raise FencedError(f"leg {leg} is not the active leg of call {call_id}")
            self._turns.setdefault(call_id, {})[turn.number] = turn

    def turns(self, call_id: str) -> list[Turn]:
        return [turn for _, turn in sorted(self._turns.get(call_id, {}).items())]

    def open_calls(self) -> list[str]:
        return sorted(call_id for call_id, call in self._calls.items() if not call.ended)

    def among(self, call_ids: Sequence[str]) -> list[Call]:
        return [self._calls[call_id] for call_id in call_ids if call_id in self._calls]

    def newest(self, day: date, *, limit: int, before: str | None = None) -> list[Call]:
        of_day = [
            call
            for call in self._calls.values()
            if call.created_at.date() == day and (before is None or call.call_id < before)
        ]
        return sorted(of_day, key=lambda call: call.call_id, reverse=True)[:limit]


class FakeLedger:
    """The ledger in memory, over the records in memory."""

    def __init__(self, records: FakeCallRecords) -> None:
        self._records = records
        self._fleet = Fleet((), 0, None)

    def beat(self, beat: Beat) -> None:
        others = (each for each in self._fleet.beats if each.task_id != beat.task_id)
        self._fleet = replace(self._fleet, beats=(*others, beat))

    def fleet(self) -> Fleet:
        return replace(self._fleet, used=self._records._used)

    def attempts(self, number: str, day: date) -> int:
        return self._records._attempts[(number, day)]

    def seat(
        self, call: Call, place: Place, cap: Cap, idempotency: Idempotency | None = None
    ) -> Call | None:
        with self._records._lock:
            if idempotency:
                self._records.check_unused(idempotency)
            if not self._take(call, place, cap):
                return None
            self._records._create(call, idempotency)
            return call

    def admit(self, call: Call, capacity: int, idempotency: Idempotency) -> Call | None:
        with self._records._lock:
            self._records.check_unused(idempotency)
            if self._records._used >= capacity:
                return None
            self._records._leases[call.call_id] = call.stream_until
            self._records._used += 1
            self._records._create(call, idempotency)
            return call

    def seat_queued(
        self, call_id: str, change: Callable[[Call], Call], place: Place, cap: Cap
    ) -> Call | None:
        with self._records._lock:
            call = change(self._records.get(call_id))
            if not self._take(call, place, cap):
                return None
            self._records._calls[call_id] = call
            return call

    def free_expired(self, at: datetime) -> list[str]:
        with self._records._lock:
            late = [call_id for call_id, until in self._records._leases.items() if until <= at]
            for call_id in late:
                del self._records._leases[call_id]
                self._records._used -= 1
            return late

    def reconcile(self) -> int:
        with self._records._lock:
            too_many = self._records._used - len(self._records._leases)
            self._records._used -= too_many
            return too_many

    def _take(self, call: Call, place: Place, cap: Cap) -> bool:
        attempts, today = self._records._attempts, (call.to_number, cap.day)
        if call.to_number in self._records._listed:
            raise NumberListedError
        if 0 < cap.most <= attempts[today]:
            raise CapReachedError
        if self._records._used >= place.capacity or self._fleet.free_from != place.seen:
            return False
        self._records._leases[call.call_id] = call.stream_until
        self._records._used += 1
        self._fleet = replace(self._fleet, free_from=place.following)
        attempts[today] += 1
        return True


class FakeDoNotCall:
    """The do-not-call list in memory, beside the records in memory."""

    def __init__(self, records: FakeCallRecords) -> None:
        self._records = records
        self._listed = records._listed

    def put(self, listing: Listing) -> Listing:
        return self._listed.setdefault(listing.number, listing)

    def get(self, number: str) -> Listing | None:
        return self._listed.get(number)

    def among(self, numbers: Sequence[str]) -> set[str]:
        return self._listed.keys() & set(numbers)

    def remove(self, number: str) -> bool:
        return self._listed.pop(number, None) is not None

    def page(self, *, limit: int, after: str | None = None) -> list[Listing]:
        numbers = sorted(number for number in self._listed if number > (after or ""))
        return [self._listed[number] for number in numbers[:limit]]

    def opt_out(self, call_id: str, change: Callable[[Call], Call], listing: Listing) -> Call:
        changed = self._records.update(call_id, change)
        self.put(listing)
        return changed


class FakeSchedules:
    """Schedules in memory."""

    def __init__(self) -> None:
        self._schedules: dict[str, Schedule] = {}
        self._keys: dict[tuple[str, str], tuple[str, str]] = {}
        self._lock = Lock()

    def create(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        with self._lock:
            if idempotency:
                self.check_unused(idempotency)
                key = (idempotency.api_key, idempotency.key)
                self._keys[key] = (schedule.schedule_id, idempotency.request_sha256)
            self._schedules[schedule.schedule_id] = schedule

    def check_unused(self, idempotency: Idempotency) -> None:
        key = (idempotency.api_key, idempotency.key)
        if key in self._keys:
            raise ScheduleTakenError(*self._keys[key])

    def get(self, schedule_id: str) -> Schedule:
        try:
            return self._schedules[schedule_id]
        except KeyError:
            raise ScheduleNotFoundError(schedule_id) from None

    def update(self, schedule_id: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        with self._lock:
            self._schedules[schedule_id] = change(self.get(schedule_id))
            return self._schedules[schedule_id]

    def delete(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        self._schedules.pop(schedule.schedule_id, None)
        if idempotency:
            self._keys.pop((idempotency.api_key, idempotency.key), None)

    def newest(
        self, *, limit: int, before: str | None = None, to_number: str | None = None
    ) -> list[Schedule]:
        wanted = [
            schedule
            for schedule in self._schedules.values()
            if (before is None or schedule.schedule_id < before)
            and (to_number is None or schedule.request.to_number == to_number)
        ]
        return sorted(wanted, key=lambda schedule: schedule.schedule_id, reverse=True)[:limit]


@dataclass
class FakeTimer:
    """A timer that keeps what it was told. Set ``error`` to have the next request raise it."""

    timers: dict[tuple[str, int], Schedule] = field(default_factory=dict)
    error: Exception | None = None

    def put(self, schedule: Schedule) -> None:
        self._fail()
        self.timers[schedule.schedule_id, schedule.timer] = schedule

    def delete(self, schedule_id: str, timer: int) -> None:
        self._fail()
        self.timers.pop((schedule_id, timer), None)

    def fire(self, due_at: datetime) -> list[Firing]:
        """What it puts on the timed queue then."""
        return [
            Firing(
                schedule_id=schedule_id,
                timer=number,
                execution_id=f"{number}-{due_at}",
                due_at=due_at,
            )
            for (schedule_id, number), told in self.timers.items()
            if told.when.after(due_at - timedelta(seconds=1), told.created_at) == due_at
        ]

    def _fail(self) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            raise error


@dataclass
class FakeDialQueue:
    """A queue that keeps what it was given, with the delay."""

    waiting: list[tuple[Waiting, int]] = field(default_factory=list)
    error: Exception | None = None

    def put(self, waiting: Waiting, delay_seconds: int) -> None:
        if self.error is not None:
            raise self.error
        self.waiting.append((waiting, delay_seconds))


@dataclass
class FakeTelephony:
    """A phone network that does as it is told and keeps what it was asked.

    Set ``error`` to have the next request raise it.
    """

    created: list[dict[str, object]] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    redirected: list[tuple[str, str]] = field(default_factory=list)
    transferred: list[tuple[str, str, str]] = field(default_factory=list)
    recorded: list[tuple[str, str]] = field(default_factory=list)
    wav: bytes = b"RIFF"
    known: dict[str, TwilioCall] = field(default_factory=dict)
    listed: list[TwilioCall] = field(default_factory=list)
    error: Exception | None = None

    def create_call(
        self, *, to: str, from_: str, url: str, status_callback: str,
        ring_seconds: int, max_call_seconds: int, answered_by_callback: str | None = None,
    ) -> str:  # fmt: skip
        self.created.append(
            {
                "to": to,
                "from_": from_,
                "url": url,
                "status_callback": status_callback,
                "ring_seconds": ring_seconds,
                "max_call_seconds": max_call_seconds,
                **({"answered_by_callback": answered_by_callback} if answered_by_callback else {}),
            }
        )
        self._fail()
        return f"CA{len(self.created):032}"

    def status(self, call_sid: str) -> TwilioCall | None:
        self._fail()
        return self.known.get(call_sid)

    def created_since(self, to: str, from_: str, since: datetime) -> list[TwilioCall]:
        self._fail()
        return list(self.listed)

    def hang_up(self, call_sid: str) -> None:
        self._fail()
        self.hung_up.append(call_sid)

    def redirect(self, call_sid: str, url: str) -> None:
        self._fail()
        self.redirected.append((call_sid, url))

    def transfer(self, call_sid: str, to: str, caller_id: str) -> None:
        self._fail()
        self.transferred.append((call_sid, to, caller_id))

    def dialled(self, call_sid: str) -> bool:
        self._fail()
        return call_sid in (sid for sid, _, _ in self.transferred)

    def start_recording(self, call_sid: str, status_callback: str) -> str:
        self._fail()
        self.recorded.append((call_sid, status_callback))
        return f"RE{len(self.recorded):032}"

    def recording(self, recording_sid: str) -> bytes:
        self._fail()
        return self.wav

    def _fail(self) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            raise error


class FakeGreetings:
    """What was prepared, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Greeting] = {}

    def put(self, call_id: str, greeting: Greeting) -> None:
        self.kept[call_id] = greeting

    def get(self, call_id: str) -> Greeting | None:
        return self.kept.get(call_id)


class FakePrepareQueue:
    """A prepare queue in memory. ``take`` does not wait longer than a moment."""

    def __init__(self) -> None:
        self.waiting: Queue[Preparation] = Queue()
        self.finished: list[str] = []
        self.error: Exception | None = None

    def put(self, call_id: str) -> None:
        if self.error is not None:
            raise self.error
        self.waiting.put(Preparation(call_id, now(), f"receipt of {call_id}"))

    def take(self, seconds: int) -> list[Preparation]:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        try:
            return [self.waiting.get(timeout=min(seconds, 0.02))]
        except Empty:
            return []

    def done(self, preparation: Preparation) -> None:
        self.finished.append(preparation.call_id)

    def give_back(self, preparation: Preparation) -> None:
        self.waiting.put(preparation)


@dataclass
class FakeCompletion:
    """An LLM that gives its answers in turn, the last for ever; an exception among them is raised.

    It keeps what it was asked.
    """

    answers: list[dict[str, Any] | Exception] = field(default_factory=lambda: [{}])
    asked: list[tuple[list[dict[str, str]], dict[str, Any]]] = field(default_factory=list)

    def ask(
        self, agent: Agent, messages: list[dict[str, str]], schema: dict[str, Any]
    ) -> dict[str, Any]:
        self.asked.append((messages, schema))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeSecrets(dict[str, str]):
    """Secrets in memory."""

    def get(self, name: str) -> str:  # type: ignore[override]
        try:
            return self[name]
        except KeyError:
            raise SecretMissingError(f"{name}: set it with `dialout secrets set`") from None
