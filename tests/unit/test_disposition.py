"""What a call came to, in one word."""

from pathlib import Path

import pytest

from calls.answered_by import AnsweredBy, decided
from calls.call import EndReason, Turn
from calls.disposition import (
    CALLBACK_SCHEDULED,
    FROM_CONVERSATION,
    FROM_END_REASON,
    Disposition,
    certain,
    likely,
)
from tests.unit.test_call import AT, made

AGENT = Turn(number=1, role="agent", text="Hi, this is Amelia.", at=AT)
CALLEE = Turn(number=2, role="callee", text="Not now.", at=AT)
ANSWERED = made(answered_at=AT)


@pytest.mark.parametrize(
    ("reason", "disposition"),
    [
        (EndReason.NO_ANSWER, "no_answer"),
        (EndReason.BUSY, "busy"),
        (EndReason.FAILED, "failed"),
        (EndReason.REFUSED, "failed"),
        (EndReason.CANCELED, "canceled"),
        (EndReason.TOO_LATE, "canceled"),
        (EndReason.MACHINE, "machine"),
        (EndReason.VOICEMAIL_LEFT, "voicemail"),
        (EndReason.OPTED_OUT, "opted_out"),
        (EndReason.TRANSFERRED, "transferred"),
    ],
)
def test_these_ends_tell_it_whatever_was_said(reason: EndReason, disposition: str) -> None:
    call = ANSWERED.end(reason, AT)
    for turns in ([], [AGENT], [AGENT, CALLEE]):
        assert certain(call, turns) == likely(call, turns) == disposition


@pytest.mark.parametrize("reason", sorted(set(EndReason) - set(FROM_END_REASON)))
def test_otherwise_what_was_said_decides(reason: EndReason) -> None:
    call = ANSWERED.end(reason, AT)
    assert certain(call, [AGENT, CALLEE]) is None
    assert certain(call, [AGENT]) is Disposition.NO_RESPONSE
    assert certain(made().end(reason, AT), []) is Disposition.UNKNOWN


@pytest.mark.parametrize(
    ("reason", "disposition"),
    [
        (EndReason.AGENT_HUNG_UP, "completed"),
        (EndReason.CALLEE_HUNG_UP, "unknown"),
        (EndReason.IDLE, "unknown"),
        (EndReason.MAX_DURATION, "unknown"),
        (EndReason.LOST, "unknown"),
    ],
)
def test_where_nobody_can_read_it_the_end_is_a_hint(reason: EndReason, disposition: str) -> None:
    assert likely(ANSWERED.end(reason, AT), [AGENT, CALLEE]) == disposition


def test_a_callback_that_was_scheduled_was_asked_for() -> None:
    promised = ANSWERED.note(CALLBACK_SCHEDULED, AT, "01SCHEDULE")
    for reason in (EndReason.AGENT_HUNG_UP, EndReason.CALLEE_HUNG_UP):
        assert certain(promised.end(reason, AT), [AGENT, CALLEE]) == "callback_requested"
    # Who is on the list is not called back, whatever was promised before.
    assert certain(promised.end(EndReason.OPTED_OUT, AT), [AGENT, CALLEE]) == "opted_out"
    tool = Path(__file__).parents[2] / "media_service/tools/schedule_callback.py"
    assert f'note("{CALLBACK_SCHEDULED}"' in tool.read_text()


def test_an_impression_never_says_that_somebody_is_on_the_list() -> None:
    assert Disposition.OPTED_OUT not in FROM_CONVERSATION


def test_a_mailbox_that_hung_up_before_a_message_was_left_is_a_machine() -> None:
    reached = decided(ANSWERED, AnsweredBy.VOICEMAIL, "words", AT)
    closed = reached.end(EndReason.CALLEE_HUNG_UP, AT)
    assert certain(closed, [AGENT, CALLEE]) is Disposition.MACHINE
    assert certain(reached.end(EndReason.VOICEMAIL_LEFT, AT), [AGENT]) is Disposition.VOICEMAIL
    person = decided(reached, AnsweredBy.HUMAN, "words", AT).end(EndReason.CALLEE_HUNG_UP, AT)
    assert certain(person, [AGENT, CALLEE]) is None
