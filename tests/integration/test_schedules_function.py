"""/schedules through the real handler, DynamoDB and EventBridge Scheduler; and what is due."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from calls.call import Call, EndReason, Status, now
from calls.do_not_call import Listing
from functions import dialer, schedules, wiring
from tests.integration.conftest import API_KEY, Twilio, offer_seats
from tests.integration.gateway import Context, event
from tests.integration.test_dialer_function import received
from tests.integration.test_dialout_function import ARTICLE

pytestmark = pytest.mark.usefixtures("cloud")
DAILY = {"cron": "30 7 * * 1-5", "time_zone": "America/New_York", "request": ARTICLE}


def ask(route: str, body: Any = None, *, query: str = "", **headers: str) -> dict[str, Any]:
    """The answer to a request such as ``GET /schedules/01J…``."""
    method, path = route.split()
    key, sent = f"{method} /schedules", {"authorization": f"Bearer {API_KEY}", **headers}
    parameters = None
    if path != "/schedules":
        key += "/{schedule_id}"
        parameters = {"schedule_id": path.rpartition("/")[2]}
    request = event(
        key, path, query=query, headers=sent, path_parameters=parameters,
        body=None if body is None else json.dumps(body),
    )  # fmt: skip
    answer = schedules.handler(request, Context())
    return {**answer, "json": json.loads(answer["body"])}


def made(**asked: Any) -> str:
    answer = ask("POST /schedules", {**DAILY, **asked})
    assert answer["statusCode"] == 201, answer
    schedule_id: str = answer["json"]["schedule_id"]
    return schedule_id


def timer(schedule_id: str) -> dict[str, Any]:
    """The one timer of a schedule, as EventBridge knows it."""
    scheduler = boto3.client("scheduler")
    (one,) = scheduler.list_schedules(GroupName="dialout-test", NamePrefix=schedule_id)["Schedules"]
    found: dict[str, Any] = scheduler.get_schedule(GroupName="dialout-test", Name=one["Name"])
    return found


def soon(seconds: float = 3600) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def due(schedule_id: str, *, execution: str = "e1", ago: float = 1) -> dict[str, Any]:
    """What EventBridge puts on the timed queue."""
    target = timer(schedule_id)["Target"]
    body = target["Input"].replace("<aws.scheduler.execution-id>", execution)
    at = (now() - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "messageId": f"m-{execution}",
        "body": body.replace("<aws.scheduler.scheduled-time>", at),
        "eventSourceARN": target["Arn"],
    }


def dialed(*messages: dict[str, Any]) -> dict[str, Any]:
    return dialer.handler({"Records": list(messages)}, Context())


def calls() -> list[Call]:
    return wiring.records().newest(now().date(), limit=10)


def test_a_schedule_is_made_shown_and_listed() -> None:
    answer = ask("POST /schedules", {**DAILY, "name": "wake-up", "end": "2199-12-24"})
    shown = answer["json"]
    schedule_id = shown["schedule_id"]

    assert answer["statusCode"] == 201
    assert answer["headers"]["Location"] == f"/schedules/{schedule_id}"
    assert (shown["state"], shown["name"]) == ("active", "wake-up")
    assert shown["cron"] == "30 7 ? * MON,TUE,WED,THU,FRI *"
    assert (shown["time_zone"], shown["end"]) == ("America/New_York", "2199-12-24")
    assert (shown["at"], shown["rate"], shown["last_call_id"]) == (None, None, None)
    assert datetime.fromisoformat(shown["next_at"]) > now()
    assert shown["request"]["to_number"] == ARTICLE["to_number"]
    assert shown["api_key"] == "tests"
    assert ask(f"GET /schedules/{schedule_id}")["json"] == shown
    assert ask("GET /schedules")["json"] == {"schedules": [shown], "cursor": None}
    assert timer(schedule_id)["ScheduleExpression"] == f"cron({shown['cron']})"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"request": ARTICLE}, "give one of `at`, `cron` and `rate`"),
        ({**DAILY, "at": "2030-01-01T00:00"}, "give one of"),
        ({**DAILY, "cron": "0 7 1 * 1"}, "Make two schedules"),
        ({**DAILY, "cron": "noon"}, "cron: give minutes"),
        ({**DAILY, "time_zone": "Europe/Atlantis"}, "no such zone"),
        ({"cron": "30 7 * * *", "request": ARTICLE}, "give time_zone"),
        ({"at": "2020-01-01T00:00Z", "request": ARTICLE}, "this time has passed"),
        ({**DAILY, "request": {**ARTICLE, "agent": "nobody"}}, "no agent 'nobody'"),
        ({**DAILY, "request": {"to_number": "+15550100001"}}, "from_number"),
        ({**DAILY, "request": {**ARTICLE, "to_number": "5550100001"}}, "start with +"),
        (
            {**DAILY, "request": {**ARTICLE, "wait": True}},
            "request.wait: this is not for schedules",
        ),
        ({**DAILY, "every": "day"}, "every: there is no such field"),
        ({}, "request"),
    ],
)
def test_what_cannot_be_scheduled_is_explained(body: Any, words: str) -> None:
    answer = ask("POST /schedules", body)
    assert answer["statusCode"] == 400, answer
    assert answer["json"]["code"] == "invalid_request"
    assert words in answer["json"]["detail"]
    assert "cron: cron" not in answer["json"]["detail"]
    assert ask("GET /schedules")["json"]["schedules"] == []
    assert boto3.client("scheduler").list_schedules()["Schedules"] == []


def test_a_repeated_key_is_answered_as_the_first_time() -> None:
    first, again = (ask("POST /schedules", DAILY, **{"idempotency-key": "k"}) for _ in range(2))
    assert (again["statusCode"], again["json"]) == (201, first["json"])
    assert again["headers"]["Idempotent-Replayed"] == "true"
    other = ask("POST /schedules", {**DAILY, "name": "x"}, **{"idempotency-key": "k"})
    assert (other["statusCode"], other["json"]["code"]) == (409, "idempotency_conflict")


def test_the_list_is_paged_and_of_one_number_if_asked() -> None:
    ids = [made(request={**ARTICLE, "to_number": f"+1555010000{n % 2 + 1}"}) for n in range(4)]
    ids.sort(reverse=True)
    first = ask("GET /schedules", query="limit=3")["json"]
    rest = ask("GET /schedules", query=f"limit=3&cursor={first['cursor']}")["json"]
    assert [each["schedule_id"] for each in first["schedules"] + rest["schedules"]] == ids
    assert rest["cursor"] is None
    of_one = ask("GET /schedules", query="to_number=%2B15550100001")["json"]["schedules"]
    assert {each["request"]["to_number"] for each in of_one} == {"+15550100001"}
    assert len(of_one) == 2
    assert ask("GET /schedules", query="to_number=5550100001")["statusCode"] == 400
    assert ask("GET /schedules", query="cursor=nonsense")["statusCode"] == 400


def test_pause_resume_change_and_cancel() -> None:
    path = f"/schedules/{made()}"
    schedule_id = path.rpartition("/")[2]

    paused = ask(f"PATCH {path}", {"state": "paused"})
    assert (paused["statusCode"], paused["json"]["state"]) == (200, "paused")
    assert paused["json"]["next_at"] is None
    assert boto3.client("scheduler").list_schedules()["Schedules"] == []
    assert ask(f"PATCH {path}", {"state": "active"})["json"]["state"] == "active"
    assert timer(schedule_id)["State"] == "ENABLED"

    changed = ask(f"PATCH {path}", {"rate": "2 hours", "name": "check"})["json"]
    assert (changed["rate"], changed["cron"], changed["name"]) == ("2 hours", None, "check")
    assert timer(schedule_id)["ScheduleExpression"] == "rate(2 hours)"
    wrong = ask(f"PATCH {path}", {"at": "2020-01-01T00:00Z"})
    assert (wrong["statusCode"], wrong["json"]["detail"]) == (400, "at: this time has passed")
    assert ask(f"PATCH {path}", {"state": "finished"})["statusCode"] == 400

    for _ in range(2):
        cancelled = ask(f"DELETE {path}")
        assert (cancelled["statusCode"], cancelled["json"]["state"]) == (200, "cancelled")
    assert boto3.client("scheduler").list_schedules()["Schedules"] == []
    over = ask(f"PATCH {path}", {"state": "active"})
    assert (over["statusCode"], over["json"]["code"]) == (409, "schedule_over")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_not_there(method: str) -> None:
    body = {"state": "paused"} if method == "PATCH" else None
    answer = ask(f"{method} /schedules/01J00000000000000000000000", body)
    assert (answer["statusCode"], answer["json"]["code"]) == (404, "schedule_not_found")
    answer = ask(f"{method} /schedules/nonsense", body)
    assert answer["statusCode"] == 400
    assert answer["json"]["detail"].startswith("schedule_id: take it as the API gave it")


def test_nobody_schedules_without_a_key() -> None:
    answer = ask("POST /schedules", DAILY, authorization="Bearer wrong")
    assert answer["statusCode"] == 401


def test_what_is_due_is_dialled_once_however_often_it_fires(twilio: Twilio) -> None:
    schedule_id = made(rate="1 day", cron=None)
    first, second = due(schedule_id), due(schedule_id, execution="e2")
    assert dialed(first, first) == {"batchItemFailures": []}
    assert dialed(first) == {"batchItemFailures": []}
    assert len(twilio.creates) == 1
    (call,) = calls()
    assert (call.schedule_id, call.status) == (schedule_id, Status.DIALING)
    assert call.api_key == "tests"
    assert ask(f"GET /schedules/{schedule_id}")["json"]["last_call_id"] == call.call_id
    dialed(second)
    assert len(twilio.creates) == 2


def test_what_happens_once_is_finished_then(twilio: Twilio) -> None:
    schedule_id = made(at=soon(1), cron=None)
    message = due(schedule_id, ago=-1)
    dialed(message, message)
    assert len(twilio.creates) == 1
    shown = ask(f"GET /schedules/{schedule_id}")["json"]
    assert (shown["state"], shown["next_at"]) == ("finished", None)


def test_who_is_due_too_late_is_not_phoned_and_the_record_says_so(twilio: Twilio) -> None:
    assert dialed(due(made(rate="1 day", cron=None), ago=301)) == {"batchItemFailures": []}
    (call,) = calls()
    assert (call.status, call.end_reason) == (Status.ENDED, EndReason.TOO_LATE)
    assert twilio.requests == []


def test_the_rules_hold_when_the_call_is_due(twilio: Twilio) -> None:
    schedule_id = made(rate="1 day", cron=None)
    wiring.do_not_call().put(Listing(number=ARTICLE["to_number"], listed_at=now(), source="api"))
    assert dialed(due(schedule_id)) == {"batchItemFailures": []}
    (call,) = calls()
    assert (call.status, call.end_reason) == (Status.ENDED, EndReason.REFUSED)
    assert ("refused", "do_not_call") in [(each.event, each.detail) for each in call.timeline]
    assert twilio.requests == []


def test_what_is_due_waits_for_a_seat_for_five_minutes_at_most(twilio: Twilio) -> None:
    offer_seats(0)
    dialed(due(made(rate="1 day", cron=None)))
    (waiting,) = received("timed-test")
    (call,) = calls()
    body = json.loads(waiting["body"])
    assert body["key"] == call.call_id
    left = datetime.fromisoformat(body["not_after"]) - now()
    assert timedelta(minutes=4, seconds=50) < left < timedelta(minutes=5)
    assert 8 < waiting["delay"] <= 10
    offer_seats(1)
    dialed(waiting)
    assert len(twilio.creates) == 1


def test_what_is_paused_or_cancelled_phones_nobody(twilio: Twilio) -> None:
    paused, cancelled = (made(rate="1 day", cron=None) for _ in range(2))
    messages = [due(paused), due(cancelled)]
    ask(f"PATCH /schedules/{paused}", {"state": "paused"})
    left = timer(cancelled)
    ask(f"DELETE /schedules/{cancelled}")
    # As if we had died before EventBridge was told.
    for name in ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"):
        left.pop(name)
    boto3.client("scheduler").create_schedule(**left)
    assert dialed(*messages) == {"batchItemFailures": []}
    assert twilio.requests == []
    assert calls() == []
    assert boto3.client("scheduler").list_schedules()["Schedules"] == []


def test_all_that_phones_a_listed_number_can_be_cancelled() -> None:
    ids = {made(), made(rate="1 day", cron=None)}
    assert set(wiring.scheduler().cancel_number(ARTICLE["to_number"])) == ids
    assert wiring.scheduler().cancel_number(ARTICLE["to_number"]) == []
    assert boto3.client("scheduler").list_schedules()["Schedules"] == []
