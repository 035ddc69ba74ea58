"""Calls whose end nobody reported."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.call import Call, EndReason, Status
from calls.ports import TwilioCall
from calls.settling import Settler
from tests.fakes import FakeCallRecords, FakeTelephony
from tests.unit.test_call import AT, made


def settled(
    call: Call, telephony: FakeTelephony, after: timedelta, others: tuple[Call, ...] = ()
) -> Call:
    records = FakeCallRecords()
    for each in (call, *others):
        records.create(each)
    return Settler(records, telephony, clock=lambda: AT + after).settle(call.call_id)


TALKING = made().bind("CA1").reach(Status.IN_PROGRESS, "answered", AT)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("completed", EndReason.CALLEE_HUNG_UP),
        ("busy", EndReason.BUSY),
        ("no-answer", EndReason.NO_ANSWER),
        ("canceled", EndReason.CANCELED),
        ("failed", EndReason.FAILED),
    ],
)
def test_an_end_that_nobody_reported_is_learned_from_twilio(status: str, reason: EndReason) -> None:
    telephony = FakeTelephony(known={"CA1": TwilioCall("CA1", status, 42)})
    call = settled(TALKING, telephony, timedelta(minutes=2))
    assert (call.status, call.end_reason) == (Status.ENDED, reason)


def test_a_reason_that_is_known_stands() -> None:
    telephony = FakeTelephony(known={"CA1": TwilioCall("CA1", "completed", 42)})
    call = settled(TALKING.will_end(EndReason.IDLE), telephony, timedelta(minutes=2))
    assert (call.end_reason, call.duration_seconds) == (EndReason.IDLE, 42)


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress"])
def test_a_live_call_is_left_alone_until_it_cannot_be_alive(status: str) -> None:
    telephony = FakeTelephony(known={"CA1": TwilioCall("CA1", status)})
    assert settled(TALKING, telephony, timedelta(minutes=2)) == TALKING
    late = settled(TALKING, telephony, timedelta(minutes=20))
    assert (late.status, late.end_reason) == (Status.ENDED, EndReason.LOST)


def test_a_call_that_twilio_does_not_know_is_lost() -> None:
    assert settled(TALKING, FakeTelephony(), timedelta(minutes=2)).end_reason is EndReason.LOST


def test_fresh_news_are_waited_for() -> None:
    assert settled(TALKING, FakeTelephony(), timedelta(seconds=29)) == TALKING


def test_an_unanswered_create_is_found_by_its_numbers_and_never_taken_from_another() -> None:
    unnamed = made(call_id="01B")
    others = (
        made(call_id="01A").bind("CA1"),
        made(call_id="01C").bind("CA2").end(EndReason.BUSY, AT),
    )
    telephony = FakeTelephony(
        listed=[
            TwilioCall("CA1", "ringing"),
            TwilioCall("CA2", "busy"),
            TwilioCall("CA3", "ringing"),
        ]
    )
    call = settled(unnamed, telephony, timedelta(minutes=2), others)
    assert (call.call_sid, call.status) == ("CA3", Status.DIALING)
    assert telephony.created == []


@pytest.mark.parametrize("after", [1, 300])
def test_a_call_is_not_taken_from_one_of_the_next_day_nor_from_the_first_of_many(
    after: int,
) -> None:
    """Whoever was phoned twice around midnight was phoned in two calls."""
    midnight = AT.replace(hour=0) + timedelta(days=1)
    unnamed = made(call_id="01A", created_at=midnight - timedelta(seconds=30))
    others = tuple(
        made(call_id=f"01B{number:03}", created_at=midnight + timedelta(milliseconds=number))
        .bind(f"CA{number}")
        .end(EndReason.BUSY, midnight)
        for number in range(after)
    )
    telephony = FakeTelephony(listed=[TwilioCall("CA0", "busy")])
    call = settled(unnamed, telephony, midnight + timedelta(seconds=60) - AT, others)
    assert (call.call_sid, call.status) == (None, Status.DIALING)


def test_a_call_that_waited_for_a_seat_keeps_its_name() -> None:
    unnamed = made(call_id="01B")
    waited = (
        made(call_id="01A", created_at=AT - timedelta(minutes=14), status=Status.QUEUED)
        .dial(AT + timedelta(seconds=1))
        .bind("CA1")
        .end(EndReason.BUSY, AT + timedelta(seconds=9))
    )
    telephony = FakeTelephony(listed=[TwilioCall("CA1", "busy")])
    assert settled(unnamed, telephony, timedelta(minutes=1), (waited,)) == unnamed


def test_an_unanswered_create_that_is_over_when_it_is_found_ends_at_once() -> None:
    telephony = FakeTelephony(listed=[TwilioCall("CA3", "no-answer")])
    call = settled(made(call_id="01B"), telephony, timedelta(minutes=1))
    assert (call.call_sid, call.end_reason) == ("CA3", EndReason.NO_ANSWER)


def test_an_unanswered_create_that_made_nothing_fails_after_two_minutes() -> None:
    unnamed = made(call_id="01B")
    assert settled(unnamed, FakeTelephony(), timedelta(seconds=90)) == unnamed
    failed = settled(unnamed, FakeTelephony(), timedelta(seconds=121))
    assert (failed.status, failed.end_reason) == (Status.ENDED, EndReason.FAILED)


def test_a_settled_call_stays_as_it_is() -> None:
    ended = TALKING.end(EndReason.BUSY, AT)
    telephony = FakeTelephony(error=AssertionError("not asked"))
    assert settled(ended, telephony, timedelta(minutes=9)) == ended


@given(
    named=st.booleans(),
    talks=st.integers(0, 600),
    late_news=st.none() | st.integers(0, 25),
    first_sweep=st.integers(0, 59),
)
def test_whatever_is_lost_the_end_is_known_within_two_minutes(
    named: bool, talks: int, late_news: int | None, first_sweep: int
) -> None:
    over = AT + timedelta(seconds=talks)
    call = made(call_id="01B", stream_until=AT + timedelta(seconds=720))
    if named:
        call = call.bind("CA1")
        if late_news is not None:
            call = call.note("recording_completed", over + timedelta(seconds=late_news))
    records = FakeCallRecords()
    records.create(call)
    at = AT + timedelta(seconds=first_sweep)
    while not records.get("01B").ended:
        twilio = TwilioCall("CA1", "completed" if at >= over else "in-progress", talks)
        telephony = FakeTelephony(known={"CA1": twilio}, listed=[twilio])
        Settler(records, telephony, clock=lambda moment=at: moment).settle("01B")
        at += timedelta(minutes=1)
    known = records.get("01B").ended_at
    assert known is not None
    assert timedelta(0) <= known - over <= timedelta(minutes=2)
