"""The Python client, against a transport that answers as it is told to."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

import dialout
from dialout import (
    ApiError,
    AsyncClient,
    CallRequest,
    Client,
    Consent,
    DialoutError,
    UnreachableError,
)
from tests.unit.fake_api import Api

CALL = {
    "call_id": "01", "call_sid": "CA1", "status": "ended", "end_reason": "busy",
    "to_number": "+15550100001", "from_number": "+15550000001", "agent": "amelia",
    "created_at": "2026-11-22T10:00:00Z", "timeline": [], "transcript": [], "brand_new": 1,
}  # fmt: skip
PLACED = httpx.Response(201, json={"call_id": "01", "call_sid": "CA1", "status": "dialing"})
PROBLEM = {"Content-Type": "application/problem+json"}
LOST = httpx.ReadTimeout("late")
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
NO_DOOR = httpx.ConnectError("refused")


def test_a_call_is_asked_for_with_only_what_was_given() -> None:
    api = Api(PLACED)
    with api.client() as client:
        placed = client.call("+15550100001", variables={"name": "Sarah"}, wait=True)
    (asked,) = api.asked
    assert (placed.call_id, placed.call_sid, placed.status) == ("01", "CA1", "dialing")
    assert str(asked.url) == "https://api.test/dialout"
    assert asked.headers["Authorization"] == "Bearer the-key"
    assert json.loads(asked.content) == {
        "to_number": "+15550100001", "variables": {"name": "Sarah"}, "wait": True,
    }  # fmt: skip


@pytest.mark.parametrize("first", [LOST, NO_DOOR, httpx.Response(503, json={"message": "busy"})])
def test_a_lost_call_is_asked_for_again_under_the_same_key(first: Any) -> None:
    api = Api(first, PLACED, PLACED)
    with api.client() as client:
        client.call("+15550100001")
        client.call("+15550100001")
    keys = [request.headers["Idempotency-Key"] for request in api.asked]
    assert keys[0] == keys[1] != keys[2]
    assert api.slept == [0.5]


def test_a_key_of_ones_own_is_sent() -> None:
    api = Api(PLACED)
    with api.client() as client:
        client.call("+15550100001", idempotency_key="order-7")
    assert api.asked[0].headers["Idempotency-Key"] == "order-7"


def test_it_gives_up() -> None:
    api = Api(LOST, LOST, LOST)
    with (
        api.client() as client,
        pytest.raises(UnreachableError, match=r"api\.test does not answer"),
    ):
        client.call("+15550100001")
    assert len(api.asked) == 3


def test_a_hang_up_is_not_repeated_when_it_may_have_been_done() -> None:
    api = Api(LOST)
    with api.client() as client, pytest.raises(UnreachableError):
        client.hang_up("01")
    api = Api(NO_DOOR, httpx.Response(202, json=CALL))
    with api.client() as client:
        assert client.hang_up("01").call_id == "01"


def test_a_refusal_carries_the_problem_and_is_not_repeated() -> None:
    problem = {"code": "no_free_seat", "detail": "all lines are busy", "status": 503}
    api = Api(httpx.Response(503, json=problem, headers={**PROBLEM, "Retry-After": "7"}))
    with api.client() as client, pytest.raises(ApiError) as refused:
        client.call("+15550100001")
    error = refused.value
    assert (error.status, error.code, error.detail) == (503, "no_free_seat", "all lines are busy")
    assert (error.retry_after, error.fields) == (7.0, problem)
    assert str(error) == "no_free_seat: all lines are busy"
    assert len(api.asked) == 1


def test_an_answer_that_is_not_dialouts_is_said() -> None:
    api = Api(httpx.Response(404, text="<html>"))
    with api.client() as client, pytest.raises(ApiError, match="is the URL its") as refused:
        client.get("01")
    assert refused.value.code == "http_404"


def test_records_are_typed_and_what_is_new_is_kept() -> None:
    page = httpx.Response(200, json={"calls": [CALL], "cursor": "01"})
    api = Api(httpx.Response(200, json=CALL), page)
    with api.client() as client:
        record = client.get("../01")
        listed = client.list(status="ended", limit=1)
    assert api.asked[0].url.raw_path == b"/calls/..%2F01"
    assert api.asked[1].url.params.multi_items() == [("status", "ended"), ("limit", "1")]
    assert (record.ended, record.end_reason, record.created_at.year) == (True, "busy", 2026)
    assert record.model_dump()["brand_new"] == 1
    assert (listed.calls[0].call_id, listed.cursor) == ("01", "01")


def test_a_recording_is_fetched_where_it_lies_and_without_our_key() -> None:
    moved = httpx.Response(303, headers={"Location": "https://s3.test/x.wav?signed=1"})
    api = Api(moved, httpx.Response(200, content=b"RIFF"))
    with api.client() as client:
        assert client.recording("01") == b"RIFF"
    assert str(api.asked[1].url) == "https://s3.test/x.wav?signed=1"
    assert "Authorization" not in api.asked[1].headers


def test_a_recordings_address_is_told_to_whoever_wants_it_as_json() -> None:
    told = {"url": "https://s3.test/x.wav?signed=1", "expires_at": "2026-11-22T10:05:00Z"}
    api = Api(httpx.Response(200, json=told))
    with api.client() as client:
        assert client.recording_address("01").url == told["url"]
    assert api.asked[0].headers["Accept"] == "application/json"


def test_a_call_that_waits_is_read_too() -> None:
    api = Api(httpx.Response(202, json={"call_id": "01", "status": "queued"}), PLACED)
    with api.client() as client:
        waits, rings = client.call("+15550100001", wait=True), client.call("+15550100001")
    assert (waits.call_id, waits.waits, waits.to_number) == ("01", True, None)
    assert not rings.waits


def test_a_dry_run_phones_nobody() -> None:
    told = {
        "would_dial": False, "to_number": "+15550100001", "from_number": "+15550000001",
        "agent": "amelia", "time_zones": ["America/New_York"], "calling_window": "08:00-21:00",
        "greeting": None, "max_call_seconds": 600, "free_seats": 3,
        "rules": [{"rule": "quiet_hours", "allows": False, "detail": "late", "allowed_at": None}],
    }  # fmt: skip
    api = Api(httpx.Response(200, json=told))
    consent = Consent(basis="form", at=AT, source="web")
    with api.client() as client:
        rules = client.dry_run("+15550100001", consent=consent, variables={"n": 1.5}).rules
    assert [(rule.rule, rule.allows) for rule in rules] == [("quiet_hours", False)]
    assert json.loads(api.asked[0].content) == {
        "to_number": "+15550100001", "dry_run": True, "variables": {"n": 1.5},
        "consent": {"basis": "form", "at": "2026-11-22T10:00:00Z", "source": "web"},
    }  # fmt: skip


SCHEDULE = {
    "schedule_id": "02", "state": "active", "cron": "30 7 * * ? *", "created_at": AT.isoformat(),
    "updated_at": AT.isoformat(), "request": {"to_number": "+15550100001", "wait": False},
}  # fmt: skip


def test_schedules_are_made_changed_and_cancelled() -> None:
    made = httpx.Response(201, json=SCHEDULE)
    api = Api(LOST, made, *(httpx.Response(200, json=SCHEDULE) for _ in range(4)))
    request = CallRequest(to_number="+15550100001", agent="wake_up", time_zone="Europe/Berlin")
    with api.client() as client:
        schedule = client.schedules.add(request, cron="30 7 * * *", start=date(2026, 11, 25))
        client.schedules.pause("02")
        client.schedules.change("02", end=None, at=AT, request=schedule.request)
        client.schedules.resume("02")
        client.schedules.cancel("02")
    assert schedule.request.to_number == "+15550100001"
    keys = [request.headers.get("Idempotency-Key") for request in api.asked]
    assert keys[0] == keys[1] is not None
    assert keys[2:] == [None] * 4
    assert [json.loads(request.content or b"null") for request in api.asked[1:]] == [
        {
            "cron": "30 7 * * *", "start": "2026-11-25",
            "request": {
                "to_number": "+15550100001", "agent": "wake_up", "time_zone": "Europe/Berlin",
            },
        },
        {"state": "paused"},
        {"end": None, "at": "2026-11-22T10:00:00+00:00", "request": {"to_number": "+15550100001"}},
        {"state": "active"},
        None,
    ]  # fmt: skip


def test_numbers_are_listed_and_taken_off() -> None:
    listing = {"number": "+15550100001", "listed_at": AT.isoformat(), "source": "api"}
    api = Api(
        LOST, httpx.Response(200, json=listing), httpx.Response(204),
        httpx.Response(200, json={"listings": [listing], "cursor": None}), LOST,
    )  # fmt: skip
    with api.client() as client:
        assert client.do_not_call.add("+15550100001", reason="asked").source == "api"
        removed: Callable[[str], object] = client.do_not_call.remove
        assert removed("+15550100001") is None
        assert client.do_not_call.list().listings[0].number == "+15550100001"
        with pytest.raises(UnreachableError):
            removed("+15550100001")
    assert api.asked[0].url.raw_path == b"/do-not-call/%2B15550100001"
    assert json.loads(api.asked[1].content) == {"reason": "asked"}


async def test_the_awaited_client_does_the_same() -> None:
    problem = {"code": "not_found", "detail": "no such call"}
    api = Api(
        LOST, PLACED, httpx.Response(200, json=SCHEDULE), httpx.Response(404, json=problem,
        headers=PROBLEM), httpx.Response(303, headers={"Location": "https://s3.test/x"}),
        httpx.Response(200, content=b"RIFF"), NO_DOOR, NO_DOOR, NO_DOOR,
    )  # fmt: skip

    async def sleep(seconds: float) -> None:
        api.slept.append(seconds)

    transport = httpx.MockTransport(api)
    async with AsyncClient("https://api.test", "k", transport=transport, sleep=sleep) as client:
        assert (await client.call("+15550100001")).call_id == "01"
        assert (await client.schedules.get("02")).state == "active"
        with pytest.raises(ApiError, match="no such call"):
            await client.get("01")
        assert await client.recording("01") == b"RIFF"
        with pytest.raises(UnreachableError, match=r"api\.test does not answer"):
            await client.health()
    assert api.slept == [0.5, 0.5, 2.0]
    assert "Authorization" not in api.asked[5].headers


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>welcome</html>"),
        httpx.Response(200, json={"message": "hello"}),
        httpx.Response(301, headers={"Location": "https://login.test"}),
        httpx.Response(500, text="oops", headers=PROBLEM),
        httpx.Response(403, json=["no"], headers=PROBLEM),
    ],
)
def test_whoever_else_answers_is_told_apart(answer: httpx.Response) -> None:
    api = Api(answer)
    with api.client() as client, pytest.raises(ApiError, match="is the URL its"):
        client.get("01")
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "url", ["", "api.test", "ftp://api.test", "https://", "http://api.test:port", "/x"]
)
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(DialoutError, match="no address"):
        Client(url, "key")


@pytest.mark.parametrize("key", ["", "k\ney", "schlüssel"])
def test_what_is_no_key_is_said_at_once_and_not_shown(key: str) -> None:
    with pytest.raises(DialoutError, match="no API key") as refused:
        AsyncClient("https://api.test", key)
    assert not key or key not in str(refused.value)


def test_the_package_offers_no_more_than_it_says() -> None:
    assert all(getattr(dialout, name) for name in dialout.__all__)
    offered: Callable[[], Any] = lambda: dialout.Nothing  # type: ignore[attr-defined]  # noqa: E731
    with pytest.raises(AttributeError):
        offered()
