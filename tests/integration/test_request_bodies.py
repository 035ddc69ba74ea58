"""What is no JSON, or more than JSON, at the real handlers: refused with words, and not kept."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from functions import call_records, dialout
from tests.integration.conftest import API_KEY, Twilio
from tests.integration.gateway import Context, event

pytestmark = pytest.mark.usefixtures("cloud")
BEARER = {"authorization": f"Bearer {API_KEY}"}


def dial(body: str | bytes, **how: Any) -> dict[str, Any]:
    made = event("POST /dialout", "/dialout", body=body, headers=BEARER, **how)
    answer = dialout.handler(made, Context())
    return {**answer, "json": json.loads(answer["body"])}


def ask(path: str, query: str = "", route: str = "") -> dict[str, Any]:
    made = event(f"GET {route or path}", path, query=query, headers=BEARER)
    answer = call_records.handler(made, Context())
    return {**answer, "json": json.loads(answer["body"])}


def request(**more: Any) -> str:
    return json.dumps(
        {"to_number": "+15550100001", "from_number": "+15550000001", **more}, ensure_ascii=False
    )


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"to_number": ' * 50_000,
        request()[:-1] + ', "variables": {"x": 1' + "0" * 5000 + "}}",
        request()[:-1] + ', "variables": {"x": NaN}}',
        request()[:-1] + ', "variables": {"x": -Infinity}}',
        request() + "{}",
        "\ufeff" + request(),
        "\x00",
    ],
    ids=["deep list", "deep object", "digits", "NaN", "Infinity", "two", "BOM", "NUL"],
)
def test_what_is_no_json_is_said_to_be_none(twilio: Twilio, body: str) -> None:
    answer = dial(body)
    assert (answer["statusCode"], answer["json"]["code"]) == (400, "invalid_request")
    assert answer["json"]["detail"] == "body: the body is not JSON"
    assert twilio.creates == []


@pytest.mark.parametrize("body", [b"\xff\xfe{}", b'{"to_number": "\xe9"}'])
def test_what_is_no_utf_8_is_no_json(twilio: Twilio, body: bytes) -> None:
    assert dial(body, base64_body=True)["statusCode"] == 400


def test_what_is_no_base64_is_no_json(twilio: Twilio) -> None:
    made = event("POST /dialout", "/dialout", body="{}", headers=BEARER)
    made |= {"body": "*", "isBase64Encoded": True}
    assert dialout.handler(made, Context())["statusCode"] == 400


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("variables.x", {"variables": {"x": 2**53}}),
        ("variables.x", {"variables": {"x": -1e300}}),
        ("variables.x", {"variables": {"x": None}}),
        ("variables.x", {"variables": {"x": "y" * 2001}}),
        ("max_call_seconds", {"max_call_seconds": "60"}),
        ("max_call_seconds", {"max_call_seconds": True}),
        ("wait", {"wait": "yes"}),
        ("wait", {"wait": 1}),
        ("webhook_url", {"webhook_url": "https://a\x00b.test/"}),
        ("webhook_url", {"webhook_url": "https://a.test/\r\nx: y"}),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_field(
    twilio: Twilio, field: str, more: dict[str, Any]
) -> None:
    answer = dial(request(**more))
    assert answer["statusCode"] == 400, answer
    assert [error["field"] for error in answer["json"]["errors"]] == [field]
    assert twilio.creates == []


def test_an_infinity_by_its_exponent_is_refused_too(twilio: Twilio) -> None:
    answer = dial(request()[:-1] + ', "variables": {"x": 1e999}}')
    assert answer["statusCode"] == 400


def test_what_is_taken_can_be_read_again(twilio: Twilio) -> None:
    variables = {
        "yes": True, "whole": 2**53 - 1, "half": -0.5, "nul": "\x00", "words": "日本語 🎉 \u202e"
    }  # fmt: skip
    body = request(variables=variables, metadata={"": "\x00", "é" * 64: "ü" * 500})
    answer = dial(base64.b64decode(base64.b64encode(body.encode())), base64_body=True)
    assert answer["statusCode"] == 201, answer
    (listed,) = ask("/calls")["json"]["calls"]
    assert listed["variables"] == variables
    assert [type(value) for value in listed["variables"].values()] == [bool, int, float, str, str]


@pytest.mark.parametrize("call_id", ["x", "a" * 3000, "\x00", "8" + "0" * 25, "ü" * 26])
def test_what_is_no_call_id_is_refused(call_id: str) -> None:
    for end in ("", "/recording"):
        answer = ask(f"/calls/{quote(call_id)}{end}", route=f"/calls/{{call_id}}{end}")
        assert answer["statusCode"] in (400, 404), answer


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=41641", 400),
        ("since=2026-11-22", 400),
        ("since=2026-11-22T12:00:00", 400),
        ("since=2026-11-22T12:00:00Z", 200),
        ("since=0001-01-01T00:00:00%2B23:59", 200),
        ("since=9999-12-31T23:59:59-23:59", 200),
        ("cursor=" + "8" + "0" * 25, 400),
        ("cursor=" + "7" + "Z" * 25, 200),
        ("cursor=" + "0" * 26, 200),
        ("agent=%FF%00", 200),
    ],
)
def test_any_question_for_calls_is_answered(query: str, status: int) -> None:
    assert ask("/calls", query)["statusCode"] == status
