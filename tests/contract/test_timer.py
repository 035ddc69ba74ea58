"""What EventBridge Scheduler is told of a schedule."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from calls.adapters.event_scheduler import EventScheduler, Target, named
from calls.ports import Timer
from tests.contract.test_ledger import credentials
from tests.contract.test_schedules import AT, schedule
from tests.fakes import FakeTimer

ARN = "arn:aws:sqs:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/dialout-test-schedules"
TARGET = Target("dialout-test", ROLE, f"{ARN}:timed", f"{ARN}:schedule-dead")
ID = schedule(1).schedule_id


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    credentials(monkeypatch)
    with mock_aws(), time_machine.travel(AT, tick=False):
        made = boto3.client("scheduler")
        made.create_schedule_group(Name="dialout-test")
        yield made


@pytest.fixture(params=["fake", "eventbridge"])
def timer(request: pytest.FixtureRequest) -> Timer:
    if request.param == "fake":
        return FakeTimer()
    request.getfixturevalue("client")
    return EventScheduler(TARGET)


def told(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get_schedule(GroupName="dialout-test", Name=f"{ID}-1")
    return found


def test_what_is_set_can_be_set_again_and_taken_back_twice(timer: Timer) -> None:
    timer.delete(ID, 1)
    for _ in range(2):
        timer.put(schedule(1))
    for _ in range(2):
        timer.delete(ID, 1)


def test_timers_of_a_schedule_are_told_apart_by_their_numbers(client: Any) -> None:
    timer = EventScheduler(TARGET)
    for number in (1, 2):
        timer.put(schedule(1).model_copy(update={"timer": number}))
    timer.delete(ID, 1)
    (left,) = client.list_schedules(GroupName="dialout-test")["Schedules"]
    assert left["Name"] == f"{ID}-2"
    assert named(left["Arn"]) == (ID, "2")


def test_a_firing_is_a_message_that_nobody_gets_late(client: Any) -> None:
    EventScheduler(TARGET).put(schedule(1, at="2026-11-23T07:30", time_zone="Europe/Berlin"))
    found = told(client)
    target = found["Target"]
    assert (target["Arn"], target["RoleArn"]) == (f"{ARN}:timed", ROLE)
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 300
    assert target["DeadLetterConfig"] == {"Arn": f"{ARN}:schedule-dead"}
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert found["ActionAfterCompletion"] == "DELETE"
    assert json.loads(target["Input"]) == {
        "schedule_id": ID,
        "timer": 1,
        "execution_id": "<aws.scheduler.execution-id>",
        "due_at": "<aws.scheduler.scheduled-time>",
    }


def test_one_moment_is_told_in_utc(client: Any) -> None:
    made = schedule(1, at="2027-03-28T02:30")
    when = made.when.model_copy(update={"time_zone": "Europe/Berlin"})
    EventScheduler(TARGET).put(made.model_copy(update={"when": when}))
    found = told(client)
    # Skipped by the clocks of Berlin: 03:30 there.
    assert found["ScheduleExpression"] == "at(2027-03-28T01:30:00)"
    assert found["ScheduleExpressionTimezone"] == "UTC"


def test_what_recurs_by_the_clock_is_left_to_the_places_clock(client: Any) -> None:
    made = schedule(1, cron="30 7 * * 1-5", start="2026-12-01", end="2026-12-24")
    when = made.when.model_copy(update={"time_zone": "Europe/Berlin"})
    EventScheduler(TARGET).put(made.model_copy(update={"when": when}))
    found = told(client)
    assert found["ScheduleExpression"] == "cron(30 7 ? * MON,TUE,WED,THU,FRI *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["StartDate"] == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert found["EndDate"] == datetime(2026, 12, 24, 22, 59, 59, tzinfo=UTC)


def test_a_start_that_is_past_is_not_told_again(client: Any) -> None:
    made = schedule(1, cron="30 7 * * *", start="2026-11-01")
    EventScheduler(TARGET).put(made)
    assert "StartDate" not in told(client)


def test_a_rate_keeps_its_rhythm_whenever_it_is_set(client: Any) -> None:
    made = schedule(1, rate="2 hours")
    EventScheduler(TARGET).put(made)
    # By itself EventBridge would fire at once.
    assert told(client)["StartDate"] == datetime(2026, 11, 22, 14, tzinfo=UTC)
    later = EventScheduler(TARGET, clock=lambda: datetime(2026, 11, 22, 17, tzinfo=UTC))
    later.put(made)
    assert told(client)["StartDate"] == datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert told(client)["ScheduleExpression"] == "rate(2 hours)"


def test_two_changes_are_not_one_request(client: Any) -> None:
    # EventBridge answers a request whose token it knows without doing anything.
    timer, tokens = EventScheduler(TARGET, client), []
    client.meta.events.register(
        "before-parameter-build.scheduler.*",
        lambda params, **_: tokens.append(params.get("ClientToken")),
    )
    returns = [
        schedule(1).model_copy(update={"updated_at": at}) for at in (AT, AT.replace(hour=13))
    ]
    for each in (returns[0], returns[0], returns[1]):
        timer.put(each)
    kinds = list(dict.fromkeys(tokens))
    assert len(kinds) == 2
    assert all(len(token) == 64 for token in kinds)


def test_what_eventbridge_refuses_is_not_taken_for_done(client: Any) -> None:
    nowhere = EventScheduler(Target("nowhere", ROLE, f"{ARN}:timed", f"{ARN}:dead"), client)

    def refused(**_: Any) -> Any:
        raise client.exceptions.ValidationException(
            {"Error": {"Code": "ValidationException", "Message": "no"}}, "CreateSchedule"
        )

    client.meta.events.register("before-call.scheduler", refused)
    with pytest.raises(client.exceptions.ValidationException):
        nowhere.put(schedule(1))
    with pytest.raises(client.exceptions.ValidationException):
        nowhere.delete(ID, 1)
