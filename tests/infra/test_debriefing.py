"""Calls that ended: from the bus, through a queue, to the function that finds out about them."""

from aws_cdk.assertions import Template

from calls import debrief
from calls.adapters.llm_completion import ASK_SECONDS, SECONDS
from tests.infra.conftest import functions, listed, resources, statements
from tests.infra.test_events import MAPPING, _function, _queues

HANDLER = "functions.debrief.handler"


def test_every_call_that_ended_waits_in_a_queue_and_nothing_else_does(dev: Template) -> None:
    (bus,) = resources(dev, "AWS::Events::EventBus")
    (rule,) = (
        each
        for each in resources(dev, "AWS::Events::Rule").values()
        if each["Name"] == "dialout-dev-debrief"
    )
    assert rule["EventBusName"] == {"Ref": bus}
    # Of its own event too, it would have no end.
    assert rule["EventPattern"] == {"source": ["dialout"], "detail-type": ["call.ended"]}
    (target,) = rule["Targets"]
    queues = _queues(dev)
    assert target["Arn"]["Fn::GetAtt"][0] == queues["dialout-dev-debrief"]
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] == queues["dialout-dev-debrief-dead"]


def test_an_llm_that_is_down_is_waited_for_and_what_is_given_up_is_kept(dev: Template) -> None:
    names, queues = _queues(dev), resources(dev, "AWS::SQS::Queue")
    queue = queues[names["dialout-dev-debrief"]]
    dead = names["dialout-dev-debrief-dead"]
    # After the last attempt the record is settled; a queue that tries on would wait for nothing,
    # and one that gives up before leaves it open.
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
        "maxReceiveCount": debrief.ATTEMPTS,
    }
    longest = sum(
        debrief.seconds_to_next(attempt, 1) or 0 for attempt in range(1, debrief.ATTEMPTS)
    )
    timeout = functions(dev)[HANDLER]["Timeout"]
    assert longest + debrief.ATTEMPTS * timeout < queue["MessageRetentionPeriod"]
    assert queues[dead]["MessageRetentionPeriod"] >= 2 * queue["MessageRetentionPeriod"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["SqsManagedSseEnabled"]
    # A media task may still be writing what was said last.
    assert queue["DelaySeconds"] >= 5


def test_the_function_outlasts_an_llm_that_hangs(dev: Template) -> None:
    timeout = functions(dev)[HANDLER]["Timeout"]
    assert timeout > debrief.ROUNDS * (ASK_SECONDS + SECONDS)


def test_debriefings_are_bounded_and_fail_one_by_one(dev: Template) -> None:
    (mapping,) = (
        each
        for each in resources(dev, MAPPING).values()
        if each["FunctionName"] == {"Ref": _function(dev, HANDLER)}
    )
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [_queues(dev)["dialout-dev-debrief"], "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10
    assert mapping["ScalingConfig"]["MaximumConcurrency"] <= 5


def test_it_may_read_its_queue_and_write_its_dead_letters_alone(dev: Template) -> None:
    role = functions(dev)[HANDLER]["Role"]["Fn::GetAtt"][0]
    queues = _queues(dev)
    allowed = {
        (action, arn["Fn::GetAtt"][0])
        for each in statements(dev, role)
        for action in listed(each["Action"])
        for arn in listed(each["Resource"])
        if action.startswith("sqs:")
    }
    assert ("sqs:ChangeMessageVisibility", queues["dialout-dev-debrief"]) in allowed
    assert {queue for action, queue in allowed if action == "sqs:SendMessage"} == {
        queues["dialout-dev-debrief-dead"]
    }
