"""From the table to the bus, and from the bus to webhooks; and what happens at a time."""

import json

from aws_cdk.assertions import Match, Template

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


def test_changes_of_calls_alone_are_announced_and_what_fails_is_kept(dev: Template) -> None:
    (mapping,) = (
        found for found in resources(dev, MAPPING).values() if "StartingPosition" in found
    )
    assert mapping["FunctionName"] == {"Ref": _function(dev, "functions.announcer.handler")}
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


def test_events_reach_the_delivery_and_what_no_webhook_takes_is_kept(dev: Template) -> None:
    (bus,) = resources(dev, "AWS::Events::EventBus")
    (rule,) = (
        each for each in resources(dev, "AWS::Events::Rule").values() if "EventBusName" in each
    )
    assert rule["EventBusName"] == {"Ref": bus}
    assert rule["EventPattern"] == {"source": ["dialout"]}
    (target,) = rule["Targets"]
    delivery = _function(dev, "functions.events.handler")
    dead = _queues(dev)["dialout-dev-events-dead"]
    assert target["Arn"]["Fn::GetAtt"][0] == delivery
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] == dead
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    (invoke,) = (
        each
        for each in resources(dev, INVOKE).values()
        if each["FunctionName"] == {"Ref": delivery}
    )
    assert invoke["MaximumRetryAttempts"] == 2
    assert invoke["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0] == dead


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
