"""Call events: from the table's stream to the bus, and from the bus to a webhook."""

import io
import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest

from calls.adapters import dynamodb_items
from calls.adapters.delivery_queue import DeliveryQueue
from calls.adapters.guarded_http import Answer, GuardedHttp, GuardedRequestError
from calls.call import EndReason, Status, now
from calls.delivery import ATTEMPTS, DELAYS_SECONDS
from calls.signature import signature
from functions import announcer, events, wiring
from functions.log import logger
from tests.integration.conftest import put_secrets
from tests.integration.gateway import Context
from tests.integration.test_dialout_function import ARTICLE, post
from tests.unit.test_call import made

pytestmark = pytest.mark.usefixtures("cloud")
AT = "2026-11-22T12:00:00Z"
DEAD = "webhooks-test-dead"


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
    assert published[0].sequence < published[1].sequence
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
    """A user's webhook. ``answers`` are given in turn, the last for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: httpx.Response) -> None:
        self.answers = list(answers) or [httpx.Response(204)]
        self.address = "93.184.215.14"
        self.requests: list[httpx.Request] = []
        client = GuardedHttp(
            resolver=lambda *_: [self.address], transport=httpx.MockTransport(self._serve)
        )

        def guarded_http() -> GuardedHttp:
            return client

        monkeypatch.setattr(wiring, "guarded_http", guarded_http)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def on_the_bus(kind: str = "call.ended", **call: Any) -> dict[str, Any]:
    """The event as EventBridge puts it into the queue."""
    shown = {"call_id": "01A", "webhook_url": "https://hook.test/calls", **call}
    told = {"id": f"01A.{kind}", "type": kind, "at": AT, "sequence": 4, "call": shown}
    return {"version": "0", "source": "dialout", "detail-type": kind, "detail": told}


class Queue:
    """The queue and Lambda's part in it: what the handler does not report is deleted."""

    def __init__(self) -> None:
        self._sqs = boto3.client("sqs")
        self._dead = self._sqs.create_queue(QueueName=DEAD)["QueueUrl"]
        policy = {
            "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{DEAD}",
            "maxReceiveCount": str(ATTEMPTS),
        }
        self._url = self._sqs.create_queue(
            QueueName="webhooks-test",
            Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "360"},
        )["QueueUrl"]

    def put(self, *bodies: Any) -> None:
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self._sqs.send_message(QueueUrl=self._url, MessageBody=text)

    def deliver(self) -> list[float]:
        """Hand over what is visible. Until when each message that is left is not, from now."""
        received = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )["Messages"]
        records = [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:webhooks-test",
            }
            for each in received
        ]
        answer = events.handler({"Records": records}, Context())
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=record["receiptHandle"])
        left = self._messages
        assert {message.id for message in left} == failed
        return [message.visible_at / 1000 - now().timestamp() for message in left]

    def wait(self) -> None:
        """Everything is visible again: the time has passed."""
        for message in self._messages:
            message.visible_at = 0

    def dead(self) -> list[str]:
        """The dead letters' bodies. SQS makes them when somebody next asks for messages."""
        self._sqs.receive_message(QueueUrl=self._url)
        found = self._sqs.receive_message(QueueUrl=self._dead, MaxNumberOfMessages=10)
        return [each["Body"] for each in found.get("Messages", [])]

    @property
    def _messages(self) -> list[Any]:
        from moto.sqs import sqs_backends

        queue = sqs_backends["123456789012"]["us-east-1"].queues["webhooks-test"]
        deleted = queue.deleted_messages
        return [message for message in queue._messages if message.id not in deleted]


@pytest.fixture
def queue(cloud: None) -> Iterator[Queue]:
    wiring.delivery_queue.cache_clear()
    put_secrets({"webhook-secret": "whsec"})
    yield Queue()
    wiring.delivery_queue.cache_clear()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    return out


def logged(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_is_delivered_signed(monkeypatch: pytest.MonkeyPatch, queue: Queue) -> None:
    hook = Hook(monkeypatch)
    queue.put(on_the_bus())
    assert queue.deliver() == []

    (request,) = hook.requests
    assert request.headers["host"] == "hook.test"
    sent = request.headers["dialout-signature"]
    at = int(sent.partition(",")[0].removeprefix("t="))
    assert sent == signature("whsec", request.content, at)
    assert json.loads(request.content) == on_the_bus()["detail"]
    assert request.headers["dialout-event-id"] == "01A.call.ended"


def test_an_outage_is_waited_for_in_the_queue(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    hook = Hook(monkeypatch, httpx.Response(500), httpx.Response(502), httpx.Response(200))
    times = iter([1_795_348_800, 1_795_348_810, 1_795_348_840])
    monkeypatch.setattr(events, "time", SimpleNamespace(time=lambda: next(times)))
    queue.put(on_the_bus(to_number="+15550100001"))
    (first,) = queue.deliver()
    queue.wait()
    (second,) = queue.deliver()
    queue.wait()
    assert queue.deliver() == []

    assert 7 <= first <= 13
    assert 22 <= second <= 38
    assert len({request.content for request in hook.requests}) == 1
    assert {request.headers["dialout-event-id"] for request in hook.requests} == {"01A.call.ended"}
    signatures = [request.headers["dialout-signature"] for request in hook.requests]
    assert [each.partition(",")[0] for each in signatures] == [
        "t=1795348800", "t=1795348810", "t=1795348840",
    ]  # fmt: skip
    assert len(set(signatures)) == 3
    told = [(line["message"], line["attempt"]) for line in logged(log)]
    assert told == [
        ("Webhook refused the event", 1), ("Event waits", 1),
        ("Webhook refused the event", 2), ("Event waits", 2),
        ("Event delivered", 3),
    ]  # fmt: skip
    assert "+1555" not in log.getvalue()
    assert "hook.test" not in log.getvalue()


def test_after_the_last_attempt_it_is_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    hook = Hook(monkeypatch, httpx.Response(500))
    queue.put(on_the_bus())
    for delay in DELAYS_SECONDS:
        (wait,) = queue.deliver()
        assert 0.7 * delay - 1 <= wait <= 1.3 * delay
        queue.wait()
    (wait,) = queue.deliver()

    assert wait <= 0
    assert len(hook.requests) == ATTEMPTS
    assert [json.loads(body) for body in queue.dead()] == [on_the_bus()]
    assert logged(log)[-1]["message"] == "Event given up"


def test_who_hangs_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch, queue: Queue) -> None:
    slow, quick = threading.Event(), threading.Event()

    class Both(GuardedHttp):
        def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
            # Each waits for the other: one after the other they would never be done.
            mine, other = (slow, quick) if "slow" in url else (quick, slow)
            mine.set()
            if not other.wait(timeout=20):
                raise GuardedRequestError("no answer")
            return Answer(503 if "slow" in url else 200, b"", {})

    client = Both()
    monkeypatch.setattr(wiring, "guarded_http", lambda: client)
    queue.put(
        on_the_bus(webhook_url="https://slow.test/"), on_the_bus(webhook_url="https://quick.test/")
    )
    assert len(queue.deliver()) == 1


def test_who_never_comes_to_an_end_holds_up_nobody_else(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    over = threading.Event()

    class Drips(GuardedHttp):
        def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
            if "slow" in url:
                over.wait(20)
            return Answer(200, b"", {})

    client = Drips()
    monkeypatch.setattr(wiring, "guarded_http", lambda: client)
    monkeypatch.setattr(events, "LONGEST_SECONDS", 1)
    queue.put(
        on_the_bus(webhook_url="https://slow.test/"), on_the_bus(webhook_url="https://quick.test/")
    )
    try:
        (wait,) = queue.deliver()
        assert 300 < wait <= 360  # The queue's own timeout.
        assert [line["message"] for line in logged(log)] == ["Event delivered", "Delivery too long"]
    finally:
        over.set()


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_is_busy_says_when(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, status: int
) -> None:
    Hook(monkeypatch, httpx.Response(status, headers={"Retry-After": "1200"}))
    queue.put(on_the_bus())
    (wait,) = queue.deliver()
    assert 1195 <= wait <= 1500


def test_what_is_gone_is_dropped(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    Hook(monkeypatch, httpx.Response(410))
    queue.put(on_the_bus())
    assert queue.deliver() == []
    assert queue.dead() == []
    assert logged(log)[-1]["message"] == "Webhook is gone: event dropped"


def test_a_name_that_leads_inside_is_asked_once_and_never(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    hook = Hook(monkeypatch)
    hook.address = "10.0.0.1"
    queue.put(on_the_bus())

    assert queue.deliver() == []
    assert hook.requests == []
    assert [json.loads(body) for body in queue.dead()] == [on_the_bus()]
    (line,) = logged(log)
    assert line["message"] == "Webhook may not be asked: event given up"
    assert line["why"] == "the address is not a public one"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"detail": 1}', '{"detail": {"id": "1"}}'])
def test_what_is_no_event_is_given_up(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, body: str
) -> None:
    hook = Hook(monkeypatch)
    queue.put(body or " ", on_the_bus())
    assert queue.deliver() == []
    assert queue.dead() == [body or " "]
    assert len(hook.requests) == 1


def test_what_fails_on_our_side_is_waited_for_too(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    hook = Hook(monkeypatch)
    boto3.client("ssm").delete_parameter(Name="/dialout/test/webhook-secret")
    queue.put(on_the_bus())
    (wait,) = queue.deliver()
    assert 7 <= wait <= 13
    assert logged(log)[0]["kinds"][0] == "SecretMissingError"

    put_secrets({"webhook-secret": "whsec"})
    queue.wait()
    assert queue.deliver() == []
    assert len(hook.requests) == 1


def test_what_cannot_be_put_off_comes_again_by_itself(
    monkeypatch: pytest.MonkeyPatch, queue: Queue, log: io.StringIO
) -> None:
    def refused(*_: Any) -> None:
        raise RuntimeError("hook.test")

    Hook(monkeypatch, httpx.Response(500))
    monkeypatch.setattr(DeliveryQueue, "again", refused)
    queue.put(on_the_bus())
    (wait,) = queue.deliver()
    assert 300 < wait <= 360  # The queue's own timeout.
    assert logged(log)[-1]["message"] == "Delivery failed"
    assert "hook.test" not in log.getvalue()


def test_a_call_without_a_webhook_tells_nobody(
    monkeypatch: pytest.MonkeyPatch, queue: Queue
) -> None:
    hook = Hook(monkeypatch)
    queue.put(on_the_bus(webhook_url=None))
    assert queue.deliver() == []
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
