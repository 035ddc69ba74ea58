"""POST /inbound through the real handler: somebody phones one of our numbers."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from calls.call import Call, EndReason, Status, now
from calls.seats import Beat
from functions import wiring
from tests.integration.conftest import Twilio
from tests.integration.test_twiml_function import send

pytestmark = pytest.mark.usefixtures("cloud")
SID = "CA" + "7" * 32
CALLER, OURS = "+15550100009", "+15550000001"


def phoned(caller: str = CALLER, sid: str = SID) -> dict[str, Any]:
    form = {"CallSid": sid, "From": caller, "To": OURS, "CallStatus": "ringing"}
    return send("/inbound", "", form)


def received() -> Call:
    return wiring.records().get(wiring.records().open_calls()[0])


def fill_the_fleet() -> None:
    for beat in wiring.ledger().fleet().beats:
        wiring.ledger().beat(Beat(beat.task_id, 0, 0, draining=True, at=now()))


def test_a_caller_is_connected_and_has_a_seat(twilio: Twilio) -> None:
    answer = phoned()

    assert answer["statusCode"] == 200, answer
    connect, redirect = ET.fromstring(answer["body"])
    parameters = {p.get("name"): p.get("value") for p in connect[0]}
    call = received()
    assert parameters["call_id"] == call.call_id
    assert parameters["leg"] == "1"
    assert redirect.text is not None
    assert redirect.text.endswith(f"/twiml?call_id={call.call_id}&leg=2")
    assert (call.direction, call.status, call.agent) == (
        "inbound", Status.IN_PROGRESS, "miss_harper",
    )  # fmt: skip
    assert (call.from_number, call.to_number) == (CALLER, OURS)
    assert (call.person, call.ours) == (CALLER, OURS)
    assert call.call_sid == SID
    assert wiring.ledger().fleet().used == 1
    assert twilio.requests == []


def test_a_repeated_fetch_is_the_same_call() -> None:
    assert phoned()["body"] == phoned()["body"]
    assert len(wiring.records().open_calls()) == 1
    assert wiring.ledger().fleet().used == 1


def test_who_took_the_last_seat_keeps_it_when_twilio_asks_again() -> None:
    first = phoned()
    fill_the_fleet()
    assert phoned()["body"] == first["body"]


def test_the_numbers_own_callback_ends_the_call_and_gives_the_seat_back() -> None:
    phoned()
    call_id = received().call_id
    ended = {"CallSid": SID, "CallStatus": "completed", "CallDuration": "12"}
    assert send("/status", "", ended)["statusCode"] == 204
    call = wiring.records().get(call_id)
    assert (call.status, call.end_reason, call.duration_seconds) == (
        Status.ENDED, EndReason.CALLEE_HUNG_UP, 12,
    )  # fmt: skip
    assert wiring.ledger().fleet().used == 0


def test_a_callback_of_a_call_that_nobody_knows_is_not_found() -> None:
    assert send("/status", "", {"CallSid": SID, "CallStatus": "completed"})["statusCode"] == 404


def test_without_a_free_seat_the_caller_is_told_so_and_the_record_tells_us() -> None:
    fill_the_fleet()
    first, again = phoned(), phoned()

    say, hangup = ET.fromstring(first["body"])
    assert "all our lines are busy" in (say.text or "")
    assert hangup.tag == "Hangup"
    assert again["body"] == first["body"]
    (call,) = wiring.records().newest(now().date(), limit=5)
    assert (call.status, call.end_reason) == (Status.ENDED, EndReason.REFUSED)
    assert wiring.records().open_calls() == []


@pytest.mark.parametrize("caller", ["anonymous", "", "+266696687", "client:tom"])
def test_who_withholds_their_number_is_talked_with_too(caller: str) -> None:
    assert phoned(caller)["statusCode"] == 200
    assert received().person in ("anonymous", "+266696687")
