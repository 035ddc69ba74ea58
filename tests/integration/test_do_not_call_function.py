"""/do-not-call through the real handler and DynamoDB."""

import io
import json
from typing import Any

import pytest

from functions.do_not_call import handler
from functions.log import logger
from tests.integration.conftest import API_KEY, Twilio
from tests.integration.gateway import Context, event
from tests.integration.test_dialout_function import ARTICLE, post

pytestmark = pytest.mark.usefixtures("cloud")
NUMBER = "/do-not-call/+15550100001"


def ask(
    method: str, path: str, body: Any = None, *, key: str | None = API_KEY, query: str = ""
) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    route = "/do-not-call" if path == "/do-not-call" else "/do-not-call/{number}"
    text = None if body is None else json.dumps(body)
    sent = event(f"{method} {route}", path, body=text, headers=headers, query=query)
    answer = handler(sent, Context())
    return {**answer, "json": json.loads(answer["body"]) if answer["body"] else None}


def test_a_listed_number_is_phoned_by_nobody_until_it_is_taken_off(twilio: Twilio) -> None:
    listed = ask("PUT", NUMBER, {"reason": "by letter"})
    assert listed["statusCode"] == 200, listed
    assert {"number": "+15550100001", "source": "api", "reason": "by letter"}.items() <= listed[
        "json"
    ].items()
    assert ask("GET", NUMBER)["json"] == listed["json"]
    assert ask("PUT", NUMBER)["json"] == listed["json"], "the first listing stands"

    refused = post(ARTICLE)
    assert (refused["statusCode"], refused["json"]["code"]) == (403, "do_not_call")
    assert twilio.creates == []

    assert ask("DELETE", NUMBER)["statusCode"] == 204
    assert post(ARTICLE)["statusCode"] == 201


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_number_that_is_not_listed_is_not_found(method: str) -> None:
    answer = ask(method, NUMBER)
    assert (answer["statusCode"], answer["json"]["code"]) == (404, "not_listed")


@pytest.mark.parametrize("sent", ["%2B15550100001", "+1 555 010-0001", "%2B1%20555%20010%200001"])
def test_a_number_is_understood_however_it_is_written(sent: str) -> None:
    assert ask("PUT", f"/do-not-call/{sent}")["json"]["number"] == "+15550100001"


@pytest.mark.parametrize(
    "sent", ["15550100001", "+1555", "nonsense", "%00", "+1555010000155555555"]
)
def test_what_is_no_number_is_bad_input(sent: str) -> None:
    answer = ask("PUT", f"/do-not-call/{sent}")
    assert (answer["statusCode"], answer["json"]["code"]) == (400, "invalid_request")


def test_the_list_comes_page_by_page() -> None:
    numbers = [f"+1555010000{n}" for n in range(1, 6)]
    for number in reversed(numbers):
        ask("PUT", f"/do-not-call/{number}")
    found: list[str] = []
    query = "limit=2"
    while True:
        page = ask("GET", "/do-not-call", query=query)["json"]
        found += [listing["number"] for listing in page["listings"]]
        if page["cursor"] is None:
            break
        query = f"limit=2&cursor=%2B{page['cursor'][1:]}"
    assert found == numbers


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_without_a_key_nothing_is_said(method: str) -> None:
    assert ask(method, NUMBER, key=None)["statusCode"] == 401


def test_no_number_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    ask("PUT", NUMBER)
    ask("DELETE", NUMBER)
    assert "Number listed" in out.getvalue()
    assert "15550100001" not in out.getvalue()
