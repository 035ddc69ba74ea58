"""Who is dialled, who waits and who is refused; in virtual time."""

from datetime import UTC, datetime, timedelta

import pytest

from calls.call import EndReason, Status
from calls.dial_request import DialRequest
from calls.dialing import Dialer
from calls.do_not_call import Listing
from calls.ports import TelephonyError
from calls.refused import RuleRefusedError
from calls.seats import Beat, NoFreeSeatError, PaceExceededError
from calls.settings import Settings
from calls.settling import Settler
from calls.waiting import Waiting
from tests.clock import Clock
from tests.fakes import (
    FakeCallRecords,
    FakeDialQueue,
    FakeDoNotCall,
    FakeLedger,
    FakeTelephony,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
REQUEST = DialRequest(to_number="+15550100001", from_number="+15550000001")
WAITING = REQUEST.model_copy(update={"wait": True})


class Office:
    """A dialer, and all that is around it."""

    def __init__(
        self, seats: int = 10, per_second: float = 1000, window: str = "00:00-24:00"
    ) -> None:
        self.clock = Clock(AT)
        self.telephony, self.queue = FakeTelephony(), FakeDialQueue()
        self.records = FakeCallRecords()
        self.ledger = FakeLedger(self.records)
        self.seats(seats)
        settings = Settings.model_validate(
            {
                "DIALOUT_PUBLIC_API_URL": "https://api.test",
                "DIALOUT_PUBLIC_WS_URL": "wss://media.test/ws",
                "DIALOUT_CALLS_PER_SECOND": per_second,
                "DIALOUT_CALLING_WINDOW": window,
                "DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY": 0,
            }
        )
        self.dialer = Dialer(
            self.records, self.ledger, FakeDoNotCall(self.records), self.telephony,
            self.queue, settings, self.clock, self.clock.sleep,
        )  # fmt: skip

    def seats(self, seats: int) -> None:
        self.ledger.beat(Beat("task", seats, 0, draining=False, at=self.clock()))

    def dial(self, request: DialRequest = REQUEST, key: str | None = None) -> str:
        return self.dialer.dial(request, api_key="crm", idempotency_key=key).call.call_id

    @property
    def used(self) -> int:
        return self.ledger.fleet().used


def test_a_seat_is_taken_and_given_back_once() -> None:
    office = Office(seats=1)
    first = office.dial()
    with pytest.raises(NoFreeSeatError):
        office.dial()
    assert len(office.telephony.created) == office.used == 1
    for _ in range(2):
        office.records.update(first, lambda c: c.end(EndReason.BUSY, AT))
    assert office.used == 0
    office.dial()


def test_a_repeated_request_is_answered_as_the_first_though_all_seats_are_taken() -> None:
    office = Office(seats=1)
    assert office.dial(key="k") == office.dial(key="k")
    assert len(office.telephony.created) == 1


def test_calls_keep_their_pace_and_too_many_are_told_when_to_come_again() -> None:
    office = Office(per_second=1)
    rung = []
    for _ in range(4):
        office.dial()
        rung.append((office.clock() - AT).total_seconds())
    assert rung == [0, 1, 2, 3]
    late = Office(per_second=0.2)
    late.dial()
    with pytest.raises(PaceExceededError) as caught:
        late.dial()
    assert caught.value.retry_after == 2
    assert len(late.telephony.created) == late.used == 1


def test_one_that_loses_every_race_gives_up() -> None:
    office = Office()
    office.ledger.seat = lambda *_: None  # type: ignore[method-assign, assignment]
    with pytest.raises(PaceExceededError):
        office.dial()
    assert timedelta(seconds=3) <= office.clock() - AT < timedelta(seconds=3.2)


def test_one_that_would_wait_is_dialled_when_a_seat_is_free() -> None:
    office = Office(seats=1)
    first = office.dial()
    queued = office.dial(WAITING, "k")
    ((waiting, delay),) = office.queue.waiting
    assert (waiting.key, delay) == (queued, 10)
    assert office.records.get(queued).status is Status.QUEUED
    assert office.dial(WAITING, "k") == queued  # waits once only
    assert len(office.queue.waiting) == 1

    with pytest.raises(NoFreeSeatError):
        office.dialer.dial_waiting(waiting)
    office.clock.sleep(300)
    office.seats(1)
    office.records.update(first, lambda c: c.end(EndReason.BUSY, AT))
    for _ in range(2):  # The message comes twice.
        call = office.dialer.dial_waiting(waiting)
        assert call.status is Status.DIALING
        assert call.stream_until == office.clock() + timedelta(seconds=720)
    assert len(office.telephony.created) == 2
    assert office.used == 1


def test_one_that_waited_too_long_is_not_dialled_whether_its_message_comes_or_not() -> None:
    for lost in (False, True):
        office = Office(seats=0)
        queued = office.dial(WAITING)
        ((waiting, _),) = office.queue.waiting
        settler = Settler(office.records, office.telephony, office.clock)
        office.clock.sleep(899)
        assert settler.settle(queued).status is Status.QUEUED
        office.clock.sleep(1)
        call = settler.settle(queued) if lost else office.dialer.dial_waiting(waiting)
        assert (call.status, call.end_reason) == (Status.ENDED, EndReason.TOO_LATE)
        assert office.telephony.created == []
        assert office.dialer.dial_waiting(waiting).ended


BERLIN = {**WAITING.model_dump(), "time_zone": "Europe/Berlin"}  # 13:00 there
UNTIL_13_10 = "08:00-13:10"


def test_the_rules_hold_when_it_rings_not_when_it_was_asked_for() -> None:
    office = Office(seats=0, window=UNTIL_13_10)
    queued = office.dial(DialRequest.model_validate(BERLIN))
    ((waiting, _),) = office.queue.waiting
    office.clock.sleep(601)
    office.seats(1)
    call = office.dialer.dial_waiting(waiting)
    assert (call.call_id, call.end_reason) == (queued, EndReason.REFUSED)
    assert [(entry.event, entry.detail) for entry in call.timeline[-3:]] == [
        ("refused", "quiet_hours"),
        ("allowed_again", "2026-11-23T07:00:00+00:00"),
        ("ended", None),
    ]
    assert office.telephony.created == []
    assert office.used == 0


def test_one_that_waiting_does_not_help_is_told_no_time() -> None:
    office = Office(seats=0)
    office.dial(WAITING)
    ((waiting, _),) = office.queue.waiting
    listing = Listing(number=WAITING.to_number, listed_at=AT, source="api")
    office.dialer.do_not_call.put(listing)
    office.seats(1)
    call = office.dialer.dial_waiting(waiting)
    assert [entry.event for entry in call.timeline[-2:]] == ["refused", "ended"]
    assert office.telephony.created == []


def test_a_repeated_request_is_answered_as_the_first_also_at_night() -> None:
    office = Office(window=UNTIL_13_10)
    request = DialRequest.model_validate(BERLIN)
    first = office.dial(request, "k")
    office.clock.sleep(601)
    office.seats(10)
    assert office.dial(request, "k") == first
    with pytest.raises(RuleRefusedError):
        office.dial(request, "another")
    assert len(office.telephony.created) == 1


def test_one_that_was_taken_from_the_queue_is_not_dialled() -> None:
    office = Office(seats=0)
    queued = office.dial(WAITING)
    office.records.update(queued, lambda c: c.end(EndReason.CANCELED, AT))
    office.seats(1)
    call = office.dialer.dial_waiting(Waiting(key=queued, not_after=AT + timedelta(minutes=1)))
    assert call.end_reason is EndReason.CANCELED
    assert office.telephony.created == []


def test_one_that_cannot_be_queued_is_over() -> None:
    office = Office(seats=0)
    office.queue.error = RuntimeError("no queue")
    with pytest.raises(RuntimeError):
        office.dial(WAITING)
    assert office.records.open_calls() == []


def test_the_wait_does_not_count_when_an_unanswered_create_is_looked_for() -> None:
    office = Office(seats=0)
    queued = office.dial(WAITING)
    ((waiting, _),) = office.queue.waiting
    office.clock.sleep(600)
    office.seats(1)
    office.telephony.error = TelephonyError("lost", ambiguous=True)
    with pytest.raises(Exception, match="lost"):
        office.dialer.dial_waiting(waiting)
    office.clock.sleep(61)
    settler = Settler(office.records, office.telephony, office.clock)
    assert settler.settle(queued).status is Status.DIALING
    office.clock.sleep(60)
    assert settler.settle(queued).end_reason is EndReason.FAILED
    assert office.used == 0


def test_killed_before_twilio_answered_the_call_is_settled_and_its_seat_free() -> None:
    office = Office(seats=1)

    class Killed(BaseException): ...

    office.telephony.error = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        office.dial(key="k")
    assert office.used == 1
    office.clock.sleep(121)
    (open_call,) = office.records.open_calls()
    call = Settler(office.records, office.telephony, office.clock).settle(open_call)
    assert call.end_reason is EndReason.FAILED
    assert office.used == 0
    assert office.dial(key="k") == open_call
    assert len(office.telephony.created) == 1
