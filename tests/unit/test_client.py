"""The Python client, against a transport that answers as it is told to."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import dialout
from dialout import ApiError, Client, UnreachableError

CALL = {
    "call_id": "01", "call_sid": "CA1", "status": "ended", "end_reason": "busy",
    "to_number": "+15550100001", "from_number": "+15550000001", "agent": "amelia",
    "created_at": "2026-11-22T10:00:00Z", "timeline": [], "transcript": [], "brand_new": 1,
}  # fmt: skip
PLACED = httpx.Response(201, json={"call_id": "01", "call_sid": "CA1", "status": "dialing"})
PROBLEM = {"Content-Type": "application/problem+json"}
LOST = httpx.ReadTimeout("late")
NO_DOOR = httpx.ConnectError("refused")


class Api:
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> Client:
        transport = httpx.MockTransport(self)
        return Client("https://api.test/", "the-key", transport=transport, sleep=self.slept.append)


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


def test_the_package_offers_no_more_than_it_says() -> None:
    assert all(getattr(dialout, name) for name in dialout.__all__)
    offered: Callable[[], Any] = lambda: dialout.Nothing  # type: ignore[attr-defined]  # noqa: E731
    with pytest.raises(AttributeError):
        offered()
