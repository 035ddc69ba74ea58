"""The sweeper through its real handler."""

from datetime import timedelta

import pytest

from calls import resuming
from calls.call import EndReason, Status, now
from functions import wiring
from functions.sweeper import handler
from tests.integration.conftest import PUBLIC, Twilio
from tests.integration.gateway import Context
from tests.integration.test_dialout_function import ARTICLE, post

pytestmark = pytest.mark.usefixtures("cloud")


def grown_old(call_id: str) -> None:
    past = now() - timedelta(minutes=3)
    wiring.records().update(
        call_id,
        lambda c: c.model_copy(
            update={"timeline": tuple(e.model_copy(update={"at": past}) for e in c.timeline)}
        ),
    )


def test_a_lost_end_is_settled_and_an_error_leaves_the_others(twilio: Twilio) -> None:
    first, second, fresh = (post(ARTICLE)["json"]["call_id"] for _ in range(3))
    grown_old(first)
    grown_old(second)
    twilio.answers += [
        (500, {"code": 20500, "message": "oops"}),
        (200, {"sid": "CA2", "status": "no-answer", "duration": "0"}),
    ]

    assert handler({}, Context()) == {
        "open": 3, "settled": 1, "redirected": 0, "failed": 1, "leaked": 0,
    }  # fmt: skip

    records = wiring.records()
    assert not records.get(first).ended
    assert records.get(second).end_reason is EndReason.NO_ANSWER
    assert records.open_calls() == sorted([first, fresh])


def test_a_call_that_nobody_serves_any_more_is_sent_to_its_next_leg(twilio: Twilio) -> None:
    call_id = post(ARTICLE)["json"]["call_id"]
    past = now() - timedelta(minutes=3)
    wiring.records().update(
        call_id,
        lambda c: resuming.fetch(
            c.reach(Status.IN_PROGRESS, "answered", past, answered_at=past), 1, past, attended=True
        ).call.claim_leg(1, "MZ1", past, "a task that died"),
    )  # fmt: skip
    grown_old(call_id)
    twilio.answers += [(200, {"sid": "CA1", "status": "in-progress"})]

    swept = handler({}, Context())

    assert (swept["redirected"], swept["failed"]) == (1, 0)
    form = twilio.requests[-1][2]
    assert form["Url"] == [f"{PUBLIC}/twiml?call_id={call_id}&leg=2"]
