"""From the table to the bus, and from the bus to webhooks; and what happens at a time."""

import json
from typing import Any

from aws_cdk.assertions import Match, Template

from calls import delivery
from functions import events
from tests.infra.conftest import functions, listed, resources, statements

MAPPING = "AWS::Lambda::EventSourceMapping"
INVOKE = "AWS::Lambda::EventInvokeConfig"


def _queues(template: Template) -> dict[str, str]:
    """Logical ids by the queues' names."""
    found = resources(template, "AWS::SQS::Queue")
    return {queue["QueueName"]: name for name, queue in found.items()}


def _function(template: Template, handler: str) -> str:
    """The logical id of a function."""
    (name,) = (
        name
        for name, each in resources(template, "AWS::Lambda::Function").items()
        if each["Handler"] == handler
    )
    return name


def _stream_of(template: Template, module: str) -> Any:
    """The source by which a function reads the table's stream."""
    function = {"Ref": _function(template, f"functions.{module}.handler")}
    (mapping,) = (
        found
        for found in resources(template, MAPPING).values()
        if "StartingPosition" in found and found["FunctionName"] == function
    )
    return mapping


def test_what_is_listed_is_followed_up_for_a_day(dev: Template) -> None:
    mapping = _stream_of(dev, "opt_outs")
    (pattern,) = mapping["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"pk": {"S": ["DNC"]}}},
    }
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    dead = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    assert dead == _queues(dev)["dialout-dev-opt-outs-dead"]


def test_the_stream_has_no_more_readers_than_it_serves_well(dev: Template) -> None:
    """DynamoDB throttles when more than two read one shard."""
    readers = [each for each in resources(dev, MAPPING).values() if "StartingPosition" in each]
    assert len(readers) == 2


def test_changes_of_calls_alone_are_announced_and_what_fails_is_kept(dev: Template) -> None:
    mapping = _stream_of(dev, "announcer")
    assert mapping["EventSourceArn"]["Fn::GetAtt"][1] == "StreamArn"
    (pattern,) = mapping["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"Keys": {"sk": {"S": ["META"]}}},
    }
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["MaximumRetryAttempts"] > 0  # Its default is for ever, with all behind it.
    dead = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    assert dead == _queues(dev)["dialout-dev-announcer-dead"]


def test_events_with_a_webhook_wait_in_a_queue_of_their_own(dev: Template) -> None:
    (bus,) = resources(dev, "AWS::Events::EventBus")
    (rule,) = (
        each
        for each in resources(dev, "AWS::Events::Rule").values()
        if each["Name"] == "dialout-dev-webhooks"
    )
    assert rule["EventBusName"] == {"Ref": bus}
    assert rule["EventPattern"] == {
        "source": ["dialout"],
        "detail": {"call": {"webhook_url": [{"prefix": "https://"}]}},
    }
    (target,) = rule["Targets"]
    queues = _queues(dev)
    assert target["Arn"]["Fn::GetAtt"][0] == queues["dialout-dev-webhooks"]
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] == queues["dialout-dev-webhooks-dead"]
    # By default EventBridge tries for a day.
    assert "RetryPolicy" not in target


def test_what_a_webhook_does_not_take_is_tried_for_a_day_and_kept(dev: Template) -> None:
    names, queues = _queues(dev), resources(dev, "AWS::SQS::Queue")
    queue = queues[names["dialout-dev-webhooks"]]
    dead = names["dialout-dev-webhooks-dead"]
    # The schedule's end and SQS's have to be the same, or events are lost or tried for ever.
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
        "maxReceiveCount": delivery.ATTEMPTS,
    }
    longest = sum(
        delivery.seconds_to_next(attempt, 1, delivery.LONGEST_ASKED_SECONDS) or 0
        for attempt in range(1, delivery.ATTEMPTS)
    )
    assert longest < queue["MessageRetentionPeriod"]
    # A dead letter's age counts from when it was first sent.
    assert queues[dead]["MessageRetentionPeriod"] >= 2 * queue["MessageRetentionPeriod"]
    assert queue["SqsManagedSseEnabled"]
    timeout = functions(dev)["functions.events.handler"]["Timeout"]
    assert timeout >= events.LONGEST_SECONDS + 5, "it has to say what is done, and what is not"
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert "FifoQueue" not in queue


def test_deliveries_are_bounded_and_fail_one_by_one(dev: Template) -> None:
    delivering = _function(dev, "functions.events.handler")
    (mapping,) = (
        each
        for each in resources(dev, MAPPING).values()
        if each["FunctionName"] == {"Ref": delivering}
    )
    queue = _queues(dev)["dialout-dev-webhooks"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10
    assert mapping["ScalingConfig"]["MaximumConcurrency"] <= 5
    # A message is only put off, never left in the function to wait.
    assert "MaximumBatchingWindowInSeconds" not in mapping
    assert not any(
        each["FunctionName"] == {"Ref": delivering} for each in resources(dev, INVOKE).values()
    )


def test_the_delivery_may_read_its_queue_and_write_its_dead_letters_alone(dev: Template) -> None:
    role = functions(dev)["functions.events.handler"]["Role"]["Fn::GetAtt"][0]
    queues = _queues(dev)
    allowed = {
        (action, arn["Fn::GetAtt"][0])
        for each in statements(dev, role)
        for action in listed(each["Action"])
        for arn in listed(each["Resource"])
        if action.startswith("sqs:")
    }
    assert ("sqs:ChangeMessageVisibility", queues["dialout-dev-webhooks"]) in allowed
    assert {queue for action, queue in allowed if action == "sqs:SendMessage"} == {
        queues["dialout-dev-webhooks-dead"]
    }
    assert {queue for _, queue in allowed} == {
        queues["dialout-dev-webhooks"],
        queues["dialout-dev-webhooks-dead"],
    }


def test_only_the_announcer_speaks_on_the_bus(dev: Template) -> None:
    speakers = [
        policy
        for policy in resources(dev, "AWS::IAM::Policy").values()
        if "events:PutEvents" in json.dumps(policy)
    ]
    role = functions(dev)["functions.announcer.handler"]["Role"]["Fn::GetAtt"][0]
    assert [policy["Roles"] for policy in speakers] == [[{"Ref": role}]]


def test_the_sweeper_sweeps_every_minute_and_repeats_nothing(dev: Template) -> None:
    sweeper = _function(dev, "functions.sweeper.handler")
    dev.has_resource_properties(
        "AWS::Events::Rule",
        {
            "Name": "dialout-dev-sweep",
            "ScheduleExpression": "rate(1 minute)",
            "State": "ENABLED",
            "Targets": [
                Match.object_like(
                    {
                        "Arn": {"Fn::GetAtt": [sweeper, "Arn"]},
                        "RetryPolicy": {
                            "MaximumEventAgeInSeconds": 60,
                            "MaximumRetryAttempts": 0,
                        },
                    }
                )
            ],
        },
    )
    dev.has_resource_properties(
        INVOKE, {"FunctionName": {"Ref": sweeper}, "MaximumRetryAttempts": 0}
    )


def test_schedules_may_put_messages_on_the_timed_queue_and_nothing_else(dev: Template) -> None:
    (name,) = (
        name
        for name, role in resources(dev, "AWS::IAM::Role").items()
        if "scheduler.amazonaws.com" in json.dumps(role)
    )
    (granted,) = statements(dev, name)
    assert granted["Action"] == "sqs:SendMessage"
    queues = _queues(dev)
    assert {each["Fn::GetAtt"][0] for each in listed(granted["Resource"])} == {
        queues["dialout-dev-timed"],
        queues["dialout-dev-schedule-dead"],
    }
    (trust,) = resources(dev, "AWS::IAM::Role")[name]["AssumeRolePolicyDocument"]["Statement"]
    assert set(trust["Condition"]["StringEquals"]) == {"aws:SourceAccount", "aws:SourceArn"}


def test_schedules_go_with_their_group(prod: Template) -> None:
    # Kept, they would go on firing at a queue that is gone.
    (group,) = prod.find_resources("AWS::Scheduler::ScheduleGroup").values()
    assert group["DeletionPolicy"] == "Delete"
