"""/calls through the real handler."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import urllib3

from calls.adapters.recording_store import RecordingStore
from calls.call import EndReason, Recording, Status, Turn, now
from calls.seats import Beat
from functions import wiring
from functions.call_records import handler
from tests.integration.conftest import API_KEY, Twilio
from tests.integration.gateway import Context, event
from tests.integration.test_dialout_function import ARTICLE, post

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def call_id(twilio: Twilio) -> str:
    return str(post(ARTICLE)["json"]["call_id"])


def ask(
    method: str, path: str, query: str = "", *, key: str | None = API_KEY, **more: str
) -> dict[str, Any]:
    route = path
    for part in path.split("/"):
        if len(part) == 26:
            route = path.replace(part, "{call_id}")
    headers = more if key is None else {"authorization": f"Bearer {key}", **more}
    made = event(f"{method} {route}", path, query=query, headers=headers)
    answer = handler(made, Context())
    return {**answer, "json": json.loads(answer["body"]) if answer.get("body") else None}


def test_a_call_shows_its_conversation(call_id: str) -> None:
    records = wiring.records()
    records.update(call_id, lambda c: c.claim_leg(1, "MZ1", now()))
    records.append_turn(call_id, 1, Turn(number=1, role="agent", text="Hi.", at=now()))
    records.append_turn(call_id, 1, Turn(number=2, role="callee", text="Hello.", at=now()))

    shown = ask("GET", f"/calls/{call_id}")["json"]

    assert shown["status"] == "dialing"
    assert [turn["text"] for turn in shown["transcript"]] == ["Hi.", "Hello."]
    assert [entry["event"] for entry in shown["timeline"]] == ["dialing", "stream_started"]
    assert "stream_until" not in shown


def test_an_unknown_call_is_404(call_id: str) -> None:
    answer = ask("GET", "/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (answer["statusCode"], answer["json"]["code"]) == (404, "call_not_found")


def test_calls_come_newest_first_in_pages(twilio: Twilio) -> None:
    made = [post(ARTICLE)["json"]["call_id"] for _ in range(3)]

    first = ask("GET", "/calls", "limit=2")["json"]
    second = ask("GET", "/calls", f"limit=2&cursor={first['cursor']}")["json"]

    listed = [call["call_id"] for call in first["calls"] + second["calls"]]
    assert sorted(listed) == sorted(made)
    assert listed == sorted(made, reverse=True)
    assert second["cursor"] is None
    assert ask("GET", "/calls", "status=ended")["json"]["calls"] == []
    assert ask("GET", "/calls", "limit=0")["statusCode"] == 400


def test_deleting_hangs_up_and_an_ended_call_is_409(twilio: Twilio, call_id: str) -> None:
    assert ask("DELETE", f"/calls/{call_id}")["statusCode"] == 202
    method, path, form = twilio.requests[-1]
    assert (method, form) == ("POST", {"Status": ["completed"]})
    assert path.endswith(f"/Calls/CA{1:032}.json")
    ended = wiring.records().update(call_id, lambda c: c.end(EndReason.CALLEE_HUNG_UP, now()))
    assert (ended.end_reason, ended.status) == (EndReason.CANCELED, Status.ENDED)
    assert ask("DELETE", f"/calls/{call_id}")["statusCode"] == 409


def test_the_recording_is_copied_once_and_handed_out(twilio: Twilio, call_id: str) -> None:
    assert ask("GET", f"/calls/{call_id}/recording")["statusCode"] == 404
    started = Recording(recording_sid="RE1", status="in-progress")
    wiring.records().update(call_id, lambda c: c.note("recording", now(), recording=started))
    assert ask("GET", f"/calls/{call_id}/recording")["statusCode"] == 409
    done = Recording(recording_sid="RE1", status="completed", duration_seconds=3, channels=2)
    wiring.records().update(call_id, lambda c: c.note("recorded", now(), recording=done))

    answers = [ask("GET", f"/calls/{call_id}/recording") for _ in range(2)]

    assert [(answer["statusCode"], answer["body"]) for answer in answers] == [(303, "")] * 2
    assert f"recordings/{call_id}.wav" in answers[0]["headers"]["Location"]
    fetched = [path for method, path, _ in twilio.requests if path.endswith("RE1.wav")]
    assert len(fetched) == 1


def test_a_page_of_another_origin_is_told_where_the_recording_is(
    twilio: Twilio, call_id: str
) -> None:
    done = Recording(recording_sid="RE1", status="completed", duration_seconds=3, channels=2)
    wiring.records().update(call_id, lambda c: c.note("recorded", now(), recording=done))

    asked_at = now()
    answer = ask("GET", f"/calls/{call_id}/recording", accept="application/json")

    assert answer["statusCode"] == 200
    assert requests.get(answer["json"]["url"], timeout=5).content == twilio.media
    good_for = datetime.fromisoformat(answer["json"]["expires_at"]) - asked_at
    assert timedelta(minutes=4) < good_for < timedelta(minutes=6)


def test_open_calls_are_those_that_have_not_ended(twilio: Twilio) -> None:
    first, second = (post(ARTICLE)["json"]["call_id"] for _ in range(2))
    wiring.records().update(first, lambda c: c.end(EndReason.BUSY, now()))
    for status in ("open", "dialing"):
        listed = ask("GET", "/calls", f"status={status}")["json"]["calls"]
        assert [call["call_id"] for call in listed] == [second]
    assert ask("GET", "/calls", "status=shut")["statusCode"] == 400


def test_the_fleet_tells_its_seats_and_who_offers_them(call_id: str) -> None:
    gone = now() - timedelta(minutes=3)
    wiring.ledger().beat(Beat("gone", seats=7, live=0, draining=False, at=gone))
    wiring.ledger().beat(Beat("leaving", seats=0, live=2, draining=True, at=now()))

    shown = ask("GET", "/fleet")["json"]

    assert (shown["seats"], shown["taken"], shown["free"]) == (10, 1, 9)
    assert [(task["task_id"], task["draining"]) for task in shown["tasks"]] == [
        ("leaving", True), ("the-task", False),
    ]  # fmt: skip


def test_a_browser_may_ask_what_it_may_do_without_a_key() -> None:
    made = event("OPTIONS /{proxy+}", "/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    answer = handler(made, Context())
    assert (answer["statusCode"], answer["body"]) == (204, "")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/calls"),
        ("GET", "/fleet"),
        ("GET", "/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("DELETE", "/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("GET", "/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/recording"),
    ],
)
def test_nothing_is_shown_without_a_key(method: str, path: str) -> None:
    assert ask(method, path, key=None)["statusCode"] == 401


def test_healthz_needs_no_key() -> None:
    assert ask("GET", "/healthz", key=None)["json"] == {"status": "ok"}


def test_the_presigned_address_is_of_the_buckets_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    address = RecordingStore("recordings-test").address("01")
    assert address.startswith("https://recordings-test.s3.eu-central-1.amazonaws.com/")
    assert "X-Amz-Signature" in address
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    address = RecordingStore("recordings-test").address("01")
    assert address.startswith("http://127.0.0.1:4566/recordings-test/recordings/01.wav?")


def test_the_presigned_address_is_of_the_bucket(call_id: str) -> None:
    address = wiring.recordings().address(call_id)
    assert urllib3.util.parse_url(address).path == f"/recordings/{call_id}.wav"
