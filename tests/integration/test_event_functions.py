"""Call events: from the table's stream to the bus, and from the bus to a webhook."""

import json
from typing import Any

import boto3
import httpx
import pytest

from calls.adapters import dynamodb_items
from calls.adapters.guarded_http import GuardedHttp
from calls.call import EndReason, Status, now
from functions import announcer, events, wiring
from functions.events import NotDeliveredError, signature
from tests.integration.gateway import Context
from tests.integration.test_dialout_function import ARTICLE, post
from tests.unit.test_call import made

pytestmark = pytest.mark.usefixtures("cloud")


def image(call: Any, sk: str = "META") -> dict[str, Any]:
    item = dynamodb_items.record(call, 1)
    return {**item, "sk": {"S": sk}}


def change(before: Any, after: Any, number: int = 1) -> dict[str, Any]:
    dynamodb = {"SequenceNumber": str(number), "NewImage": image(after)}
    if before is not None:
        dynamodb["OldImage"] = image(before)
    return {"eventName": "MODIFY", "dynamodb": dynamodb}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []

    class Bus:
        def publish(self, event: Any) -> None:
            if event.call["agent"] == "broken":
                raise RuntimeError
            found.append(event)

    monkeypatch.setattr(wiring, "event_bus", Bus)
    return found


def test_each_status_is_told_once(published: list[Any]) -> None:
    dialing = made()
    noted = dialing.note("recording", now())
    ended = noted.end(EndReason.BUSY, now())
    records = [change(None, dialing, 1), change(dialing, noted, 2), change(noted, ended, 3)]

    assert announcer.handler({"Records": records}, Context()) == {"batchItemFailures": []}
    assert [(event.type, event.call["end_reason"]) for event in published] == [
        ("call.started", None), ("call.ended", "busy"),
    ]  # fmt: skip
    assert published[1].id == f"{ended.call_id}.call.ended"
    assert "transcript" not in published[1].call


def test_what_is_no_call_is_passed_over(published: list[Any]) -> None:
    turn = change(None, made())
    turn["dynamodb"]["NewImage"]["sk"] = {"S": "TURN#000001"}
    removed = {
        "eventName": "REMOVE",
        "dynamodb": {"SequenceNumber": "2", "OldImage": image(made())},
    }
    announcer.handler({"Records": [turn, removed]}, Context())
    assert published == []


def test_from_the_first_that_fails_on_the_stream_sends_again(published: list[Any]) -> None:
    records = [
        change(None, made(), 1), change(None, made(agent="broken"), 2), change(None, made(), 3),
    ]  # fmt: skip
    answer = announcer.handler({"Records": records}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert len(published) == 1


def test_the_bus_takes_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("events").create_event_bus(Name="dialout-test")
    monkeypatch.setenv("DIALOUT_EVENT_BUS", "dialout-test")
    wiring.settings.cache_clear()
    wiring.event_bus.cache_clear()
    answer = announcer.handler({"Records": [change(None, made())]}, Context())
    assert answer == {"batchItemFailures": []}
    wiring.event_bus.cache_clear()


class Hook:
    """A user's webhook."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, status: int = 204) -> None:
        self.status = status
        self.requests: list[httpx.Request] = []
        client = GuardedHttp(
            resolver=lambda *_: ["93.184.215.14"], transport=httpx.MockTransport(self._serve)
        )
        monkeypatch.setattr(wiring, "guarded_http", lambda: client)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)


def on_the_bus(**call: Any) -> dict[str, Any]:
    shown = {"call_id": "01A", "webhook_url": "https://hook.test/calls", **call}
    told = {"id": "01A.call.ended", "type": "call.ended", "at": now().isoformat(), "call": shown}
    return {"source": "dialout", "detail": told}


@pytest.fixture
def webhook_secret() -> str:
    boto3.client("ssm").put_parameter(
        Name="/dialout/test/webhook-secret", Value="whsec", Type="SecureString"
    )
    return "whsec"


def test_an_event_is_delivered_signed(monkeypatch: pytest.MonkeyPatch, webhook_secret: str) -> None:
    hook = Hook(monkeypatch)
    events.handler(on_the_bus(), Context())

    (request,) = hook.requests
    assert request.headers["host"] == "hook.test"
    sent = request.headers["dialout-signature"]
    at = int(sent.partition(",")[0].removeprefix("t="))
    assert sent == signature(webhook_secret, request.content, at)
    assert json.loads(request.content)["type"] == "call.ended"
    assert request.headers["dialout-event-id"] == "01A.call.ended"


def test_a_refused_event_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, webhook_secret: str
) -> None:
    Hook(monkeypatch, status=500)
    with pytest.raises(NotDeliveredError):
        events.handler(on_the_bus(), Context())


def test_a_call_without_a_webhook_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Hook(monkeypatch)
    events.handler(on_the_bus(webhook_url=None), Context())
    assert hook.requests == []


@pytest.mark.parametrize(
    "url", ["http://hook.test/", "https://127.0.0.1/", "https://169.254.169.254/"]
)
def test_a_webhook_that_may_not_be_asked_is_refused_before_dialling(url: str) -> None:
    answer = post({**ARTICLE, "webhook_url": url})
    assert (answer["statusCode"], answer["json"]["errors"][0]["field"]) == (400, "webhook_url")


def test_a_webhook_is_kept_with_the_call() -> None:
    made_call = post({**ARTICLE, "webhook_url": "https://hook.test/calls"})["json"]
    call = wiring.records().get(made_call["call_id"])
    assert (call.webhook_url, call.status) == ("https://hook.test/calls", Status.DIALING)
