"""The sweeper through its real handler."""

from datetime import timedelta

import pytest

from calls.call import EndReason, now
from functions import wiring
from functions.sweeper import handler
from tests.integration.conftest import Twilio
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

    assert handler({}, Context()) == {"open": 3, "settled": 1, "failed": 1, "leaked": 0}

    records = wiring.records()
    assert not records.get(first).ended
    assert records.get(second).end_reason is EndReason.NO_ANSWER
    assert records.open_calls() == sorted([first, fresh])
