"""Who comes onto the do-not-call list: the table's stream, into the real handler."""

import io
from typing import Any

import pytest

from calls.call import now
from calls.do_not_call import Listing
from calls.schedule import State
from functions import opt_outs, wiring
from functions.log import logger
from tests.integration.gateway import Context
from tests.integration.test_schedules_function import made

pytestmark = pytest.mark.usefixtures("cloud")
TOM, SARAH = "+15550100002", "+15550100001"


def listed(number: str) -> dict[str, Any]:
    """What the stream tells of a number that came onto the list."""
    wiring.do_not_call().put(Listing(number=number, listed_at=now(), source="api"))
    keys = {"pk": {"S": "DNC"}, "sk": {"S": number}}
    change = {"SequenceNumber": number, "Keys": keys}
    return {"eventName": "INSERT", "dynamodb": change}


def handle(*records: dict[str, Any]) -> list[str]:
    """The changes that are to be sent again."""
    answer = opt_outs.handler({"Records": list(records)}, Context())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def schedule_for(number: str) -> str:
    return made(request={"to_number": number, "from_number": "+15550000001"})


def state(schedule_id: str) -> State:
    return wiring.scheduler().get(schedule_id).state


def test_all_that_was_to_phone_them_is_cancelled_and_nothing_else() -> None:
    toms, sarahs = [schedule_for(TOM), schedule_for(TOM)], schedule_for(SARAH)
    change = listed(TOM)
    assert handle(change) == []
    assert [state(each) for each in toms] == [State.CANCELLED] * 2
    assert state(sarahs) is State.ACTIVE
    assert handle(change) == [], "told twice"


def test_what_fails_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = schedule_for(TOM)

    class Broken:
        def cancel_number(self, number: str) -> list[str]:
            raise RuntimeError(number)

    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    whole = wiring.scheduler
    monkeypatch.setattr(wiring, "scheduler", Broken)
    change = listed(TOM)
    assert handle(change, listed(SARAH)) == [TOM]
    assert "Opt-out not followed up" in out.getvalue()
    assert TOM not in out.getvalue()
    monkeypatch.setattr(wiring, "scheduler", whole)
    assert handle(change) == []
    assert state(mine) is State.CANCELLED
