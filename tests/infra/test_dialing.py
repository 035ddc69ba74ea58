"""The queues of calls that wait, and who dials them."""

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import functions, listed, resources, statements, synthesized

MAPPING = "AWS::Lambda::EventSourceMapping"


def mappings(template: Template) -> dict[str, dict[str, object]]:
    """The event sources by the name of their queue."""
    names = {
        logical: str(queue["QueueName"])
        for logical, queue in resources(template, "AWS::SQS::Queue").items()
    }
    return {
        names[found["EventSourceArn"]["Fn::GetAtt"][0]]: found
        for found in resources(template, MAPPING).values()
        if found["EventSourceArn"]["Fn::GetAtt"][0] in names
    }


@pytest.mark.parametrize("name", ["timed", "campaign", "schedule-dead"])
def test_the_queues_feed_the_dialer_a_few_at_a_time(dev: Template, name: str) -> None:
    found = mappings(dev)[f"dialout-dev-{name}"]
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert found["BatchSize"] == 2
    queues = resources(dev, "AWS::SQS::Queue").values()
    (queue,) = (each for each in queues if each["QueueName"] == f"dialout-dev-{name}")
    timeout = functions(dev)["functions.dialer.handler"]["Timeout"]
    assert timeout >= 2 * 13  # Three seconds for the turn, ten for Twilio.
    assert queue["VisibilityTimeout"] >= 6 * timeout  # As AWS asks.


def test_what_the_dialer_fails_at_is_given_up_after_five_times(dev: Template) -> None:
    queues = resources(dev, "AWS::SQS::Queue")
    by_name = {queue["QueueName"]: queue for queue in queues.values()}
    for name in ("timed", "schedule-dead"):
        given_up = by_name[f"dialout-dev-{name}"]["RedrivePolicy"]
        dead = given_up["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert queues[dead]["QueueName"] == "dialout-dev-timed-dead"
        assert given_up["maxReceiveCount"] == 5


def test_a_faster_pace_gets_more_dialers() -> None:
    template = synthesized(**{"set.DIALOUT_CALLS_PER_SECOND": "7.5"})
    found = mappings(template)
    for name in ("timed", "campaign"):
        assert found[f"dialout-dev-{name}"]["ScalingConfig"] == {"MaximumConcurrency": 9}


@pytest.mark.parametrize("module", ["dialout", "dialer"])
def test_whoever_places_a_call_may_have_it_prepared(dev: Template, module: str) -> None:
    role = functions(dev)[f"functions.{module}.handler"]["Role"]["Fn::GetAtt"][0]
    queues = resources(dev, "AWS::SQS::Queue")
    (prepare,) = (
        name for name, each in queues.items() if each["QueueName"] == "dialout-dev-prepare"
    )
    granted = [
        action
        for each in statements(dev, role)
        if {"Fn::GetAtt": [prepare, "Arn"]} in listed(each["Resource"])
        for action in listed(each["Action"])
    ]
    assert "sqs:SendMessage" in granted
    assert "sqs:ReceiveMessage" not in granted
