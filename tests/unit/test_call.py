"""The call's state machine: whatever is reported, in whatever order, the record stays true."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import status_report
from calls.call import (
    SPOKEN,
    Call,
    CallSidMismatchError,
    EndReason,
    LegRefusedError,
    Status,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(**fields: object) -> Call:
    return Call.model_validate(
        {
            "call_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "to_number": "+15550100001",
            "from_number": "+15550000001",
            "agent": "amelia",
            "api_key": "tests",
            "created_at": AT,
            "max_call_seconds": 600,
            "stream_until": AT + timedelta(seconds=720),
            "status": Status.DIALING,
            **fields,
        }
    )


TWILIOS = [
    "queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed",
    "canceled", "something-new", "",
]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(TWILIOS), st.integers(0, 700))))
def test_reports_in_any_order_never_move_a_call_backwards(reports: list[tuple[str, int]]) -> None:
    call = made()
    first_end = None
    for number, (status, seconds) in enumerate(reports):
        before = call
        call = status_report.apply(call, status, AT + timedelta(seconds=number), seconds)

        assert call.status.rank >= before.status.rank
        assert call.timeline[: len(before.timeline)] == before.timeline
        assert call.ended == (call.ended_at is not None)
        if call.ended:
            first_end = first_end or call
            assert call == first_end
            assert call.end_reason is not None


@given(st.lists(st.sampled_from(TWILIOS), min_size=1))
def test_a_repeated_report_changes_nothing(statuses: list[str]) -> None:
    call = made()
    for status in statuses:
        call = status_report.apply(call, status, AT)
        assert status_report.apply(call, status, AT + timedelta(seconds=9)) == call


@given(st.lists(st.sampled_from(list(EndReason)), min_size=1))
def test_the_first_reason_stands(reasons: list[EndReason]) -> None:
    call = made()
    for reason in reasons:
        call = call.will_end(reason)
    assert call.end(EndReason.UNKNOWN, AT).end_reason is reasons[0]


@given(st.lists(st.integers(1, 12)))
def test_legs_only_ever_rise(legs: list[int]) -> None:
    call = made()
    highest = 0
    for leg in legs:
        if leg > highest:
            call = call.claim_leg(leg, "MZ1", AT)
            highest = leg
        else:
            with pytest.raises(LegRefusedError):
                call.claim_leg(leg, "MZ1", AT)
        assert call.active_leg == highest


def test_no_leg_of_a_call_that_was_ended_on_purpose() -> None:
    with pytest.raises(LegRefusedError):
        made().will_end(EndReason.AGENT_HUNG_UP).claim_leg(1, "MZ1", AT)


def test_a_call_is_bound_to_one_call_sid() -> None:
    call = made().bind("CA1")
    assert call.bind("CA1") is call
    with pytest.raises(CallSidMismatchError):
        call.bind("CA2")


def test_the_first_audio_is_counted_from_the_answer() -> None:
    call = status_report.answered(made(), AT)
    assert call.answer_to_first_audio_ms is None
    spoken = call.model_copy(update={"first_audio_at": AT + timedelta(milliseconds=431)})
    assert spoken.answer_to_first_audio_ms == 431


def test_what_is_completed_was_picked_up_though_nobody_said_so_in_time() -> None:
    call = status_report.apply(made(), "completed", AT, 7)
    assert call.answered_at == AT - timedelta(seconds=7)
    answered = status_report.answered(made(), AT - timedelta(seconds=9))
    assert status_report.apply(answered, "completed", AT, 7).answered_at == answered.answered_at
    assert status_report.apply(made(), "canceled", AT).answered_at is None


def test_the_language_that_was_spoken_last() -> None:
    assert made().spoken_language is None
    assert made().note(SPOKEN, AT, "es").note(SPOKEN, AT, "fr").spoken_language == "fr"
