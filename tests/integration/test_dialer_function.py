"""Calls that wait, through the real handlers, DynamoDB, SQS and Twilio's library."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from ulid import ULID

from calls.call import EndReason, Status, now
from calls.schedule import Schedule, ScheduleRequest
from calls.waiting import Waiting
from functions import call_records, dialer, sweeper, wiring
from functions.log import logger
from tests.integration.conftest import API_KEY, SQS, Twilio, offer_seats
from tests.integration.gateway import Context, event
from tests.integration.test_dialout_function import ARTICLE, post, prepared

pytestmark = pytest.mark.usefixtures("cloud")
WAITING = {**ARTICLE, "wait": True}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    out = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", out)
    return out


def counted(log: io.StringIO, name: str) -> list[int]:
    """What CloudWatch would count."""
    found = []
    for line in map(json.loads, log.getvalue().splitlines()):
        if name in line:
            (metrics,) = line["_aws"]["CloudWatchMetrics"]
            assert metrics["Namespace"] == "Dialout"
            assert metrics["Dimensions"] == [["environment"]]
            assert metrics["Metrics"] == [{"Name": name, "Unit": "Count"}]
            assert line["environment"] == "test"
            assert line["_aws"]["Timestamp"] > 1_700_000_000_000
            found.append(line[name])
    return found


def received(queue: str) -> list[dict[str, Any]]:
    """The messages of the queue, whatever their delay is, as Lambda gets them."""
    from moto.sqs import sqs_backends

    messages = sqs_backends["123456789012"]["us-east-1"].queues[queue]._messages
    found = [
        {
            "messageId": message.id,
            "body": message.body,
            "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
            "delay": message.delayed_until / 1000 - now().timestamp(),
        }
        for message in messages
    ]
    messages.clear()
    return found


def dialed(*messages: dict[str, Any]) -> dict[str, Any]:
    return dialer.handler({"Records": list(messages)}, Context())


def test_without_a_seat_nobody_is_phoned_and_it_is_counted(
    twilio: Twilio, log: io.StringIO
) -> None:
    offer_seats(1)
    assert post(ARTICLE)["statusCode"] == 201
    answer = post(ARTICLE)

    assert answer["statusCode"] == 503
    assert answer["json"]["code"] == "no_free_seat"
    assert answer["headers"]["Retry-After"] == "10"
    assert len(twilio.creates) == 1
    assert counted(log, "SeatsExhausted") == [1]


def test_too_fast_is_told_so(twilio: Twilio) -> None:
    place = wiring.ledger().fleet()
    post(ARTICLE)
    boto3.client("dynamodb").put_item(
        TableName="dialout-test",
        Item={
            "pk": {"S": "FLEET"}, "sk": {"S": "PACE"},
            "free_from": {"N": str(int((now().timestamp() + 60) * 1_000_000))},
        },
    )  # fmt: skip
    answer = post(ARTICLE)

    assert place.free_from is None
    assert (answer["statusCode"], answer["json"]["code"]) == (429, "pace_exceeded")
    assert 55 <= int(answer["headers"]["Retry-After"]) <= 57
    assert len(twilio.creates) == 1


def test_a_call_that_waits_is_dialled_once_when_a_seat_is_free(twilio: Twilio) -> None:
    offer_seats(0)
    answer = post(WAITING, **{"idempotency-key": "k"})
    call_id = answer["json"]["call_id"]
    assert answer["statusCode"] == 202
    assert answer["json"] == {"call_id": call_id, "status": "queued"}

    (message,) = received("timed-test")
    assert dialed(message) == {"batchItemFailures": []}
    assert twilio.creates == []
    assert prepared() == []
    (again,) = received("timed-test")
    assert again["body"] == message["body"]
    assert 8 < again["delay"] <= 10

    offer_seats(1)
    for _ in range(2):
        assert dialed(again, again) == {"batchItemFailures": []}
    assert len(twilio.creates) == 1
    assert wiring.records().get(call_id).status is Status.DIALING
    assert set(prepared()) == {call_id}
    replay = post(WAITING, **{"idempotency-key": "k"})
    assert (replay["statusCode"], replay["json"]) == (202, answer["json"])
    assert replay["headers"]["Idempotent-Replayed"] == "true"
    assert received("timed-test") == []


def test_a_campaigns_call_goes_back_to_the_campaigns_queue() -> None:
    offer_seats(0)
    post(WAITING)
    (message,) = received("timed-test")
    campaign = "arn:aws:sqs:us-east-1:123456789012:campaign-test"
    dialed({**message, "eventSourceARN": campaign})
    assert len(received("campaign-test")) == 1
    assert received("timed-test") == []


def test_what_is_too_late_or_refused_is_over_and_what_fails_comes_again(twilio: Twilio) -> None:
    offer_seats(0)
    late, refused = (post(WAITING)["json"]["call_id"] for _ in range(2))
    messages = received("timed-test")
    past = Waiting(key=late, not_after=now() - timedelta(seconds=1))
    messages[0]["body"] = past.model_dump_json()
    offer_seats(1)
    twilio.answers.append((400, {"code": 21211, "message": "invalid", "status": 400}))

    broken = {**messages[0], "messageId": "broken", "body": "nonsense"}
    assert dialed(broken, *messages) == {"batchItemFailures": [{"itemIdentifier": "broken"}]}
    assert wiring.records().get(late).end_reason is EndReason.TOO_LATE
    assert wiring.records().get(refused).end_reason is EndReason.FAILED
    assert wiring.ledger().fleet().used == 0


def test_a_call_is_taken_from_the_queue_by_request(twilio: Twilio) -> None:
    offer_seats(0)
    call_id = post(WAITING)["json"]["call_id"]
    request = event(
        "DELETE /calls/{call_id}", f"/calls/{call_id}",
        headers={"authorization": f"Bearer {API_KEY}"}, path_parameters={"call_id": call_id},
    )  # fmt: skip
    answers = [call_records.handler(request, Context()) for _ in range(2)]

    assert [answer["statusCode"] for answer in answers] == [202, 409]
    assert json.loads(answers[0]["body"])["end_reason"] == "canceled"
    offer_seats(1)
    assert dialed(*received("timed-test")) == {"batchItemFailures": []}
    assert twilio.requests == []


def test_seats_that_nobody_gave_back_are_taken_back_and_counted(
    twilio: Twilio, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        post(ARTICLE)
    # Twilio cannot be asked, so that nothing is settled; and it is long past the calls' time.
    twilio.answers += [(500, {"code": 20500, "message": "oops"})] * 2
    for module in ("calls.call.now", "functions.sweeper.now"):
        monkeypatch.setattr(module, lambda: now() + timedelta(minutes=13))
    swept = sweeper.handler({}, Context())

    assert swept["leaked"] == 2
    assert wiring.ledger().fleet().used == 0
    assert counted(log, "LeasesLeaked") == [2]


def test_the_queues_are_told_apart() -> None:
    message = {"eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:campaign-test"}
    assert dialer._queue_of(message) == f"{SQS}/campaign-test"


def undelivered(schedule_id: str, due_at: str) -> dict[str, Any]:
    """A dead letter of EventBridge Scheduler's, as Lambda gets it. Its body is cut short."""
    told = {
        "ERROR_CODE": "AccessDeniedException",
        "ERROR_MESSAGE": "not authorized to perform: sqs:SendMessage",
        "EXECUTION_ID": "d32c5kddcf5bb8c3",
        "IS_PAYLOAD_TRUNCATED": "true",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": due_at,
        "SCHEDULE_ARN": f"arn:aws:scheduler:us-east-1:1:schedule/dialout/{schedule_id}-1",
        "TARGET_ARN": "arn:aws:sqs:us-east-1:123456789012:timed-test",
    }
    return {
        "messageId": "dead",
        "body": '{"schedule_id": "01J',
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:schedule-dead-test",
        "messageAttributes": {
            name: {"dataType": "String", "stringValue": value} for name, value in told.items()
        },
    }


def scheduled(at: datetime) -> str:
    """A schedule for this time."""
    asked = ScheduleRequest.model_validate({"at": at.isoformat(), "request": ARTICLE})
    schedule = Schedule(
        schedule_id=str(ULID.from_datetime(at)), when=asked.when, request=asked.request,
        created_at=at, updated_at=at, api_key="crm",
    )  # fmt: skip
    wiring.schedules().create(schedule)
    return schedule.schedule_id


@pytest.mark.parametrize(
    ("minutes_ago", "end_reason"), [(6, EndReason.TOO_LATE), (1, None)], ids=["late", "in time"]
)
def test_a_firing_among_the_dead_letters_has_one_record_that_says_why(
    twilio: Twilio, log: io.StringIO, minutes_ago: int, end_reason: EndReason | None
) -> None:
    offer_seats(1)
    due_at = now().replace(microsecond=0) - timedelta(minutes=minutes_ago)
    schedule_id = scheduled(due_at)
    letter = undelivered(schedule_id, due_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for _ in range(2):
        assert dialed(letter, letter) == {"batchItemFailures": []}

    call_id = wiring.schedules().get(schedule_id).last_call_id
    assert [each.call_id for each in wiring.records().newest(now().date(), limit=5)] == [call_id]
    call = wiring.records().get(str(call_id))
    assert call.end_reason is end_reason
    assert [each.detail for each in call.timeline if each.event == "undelivered"] == [
        "AccessDeniedException"
    ]
    assert len(twilio.creates) == (end_reason is None)
    assert "Schedule's firing was not delivered" in log.getvalue()


def test_a_dead_letter_that_finds_no_seat_waits_with_the_others() -> None:
    offer_seats(0)
    due_at = now().replace(microsecond=0)
    letter = undelivered(scheduled(due_at), due_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert dialed(letter) == {"batchItemFailures": []}
    assert len(received("timed-test")) == 1
