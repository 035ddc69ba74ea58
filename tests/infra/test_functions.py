"""The functions: what they run, are told and may do."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import functions, listed, resources, statements

FUNCTION = "AWS::Lambda::Function"
HANDLERS = {
    f"functions.{name}.handler"
    for name in (
        "announcer", "call_records", "campaign_pump", "campaign_reports", "campaigns", "debrief",
        "dialer", "dialout", "do_not_call", "events",
        "opt_outs", "schedules", "sweeper", "twiml",
    )
}  # fmt: skip
ITEMS = {
    f"dynamodb:{action}"
    for action in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem",
        "GetItem", "PutItem", "Query", "UpdateItem",
    )
}  # fmt: skip
STREAM = {
    f"dynamodb:{action}"
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}
SECRETS = {"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "kms:Decrypt"}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
RECEIVING = {
    f"sqs:{action}"
    for action in (
        "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
        "ReceiveMessage",
    )
}  # fmt: skip
SENDING = {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
SCHEDULING = {
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "scheduler:DeleteSchedule",
    "iam:PassRole",
}


def test_functions_run_as_they_are_asked_to(dev: Template, prod: Template) -> None:
    for template, arch, runtime in (
        (dev, "arm64", "python3.13"),
        (prod, "x86_64", "python3.11"),
    ):
        found = functions(template)
        assert set(found) == HANDLERS
        for function in found.values():
            assert function["Architectures"] == [arch]
            assert function["Runtime"] == runtime
            assert function["TracingConfig"] == {"Mode": "Active"}
            assert "Ref" in function["LoggingConfig"]["LogGroup"]
            assert "ReservedConcurrentExecutions" not in function
        assert len({json.dumps(function["Code"]) for function in found.values()}) == 1
    timeouts = {name.split(".")[1]: each["Timeout"] for name, each in functions(dev).items()}
    assert timeouts["twiml"] < 15  # Twilio hangs up on what takes longer.
    assert timeouts["call_records"] < 30  # The gateway's own limit.
    assert timeouts["campaigns"] < 30
    assert timeouts["sweeper"] < 60  # Until the next sweep.
    assert timeouts["campaign_pump"] < 60


def test_what_may_run_away_can_be_bounded_and_what_people_wait_for_never_is(
    own_domain: Template,
) -> None:
    bounds = {
        name.split(".")[1]: each.get("ReservedConcurrentExecutions")
        for name, each in functions(own_domain).items()
    }
    assert bounds["sweeper"] == bounds["campaign_pump"] == 1
    assert bounds["events"]
    assert bounds["twiml"] is None


def test_every_log_is_kept_for_a_while_and_not_for_ever(dev: Template, prod: Template) -> None:
    for template in (dev, prod):
        logs = resources(template, "AWS::Logs::LogGroup")
        assert all(14 <= log["RetentionInDays"] <= 90 for log in logs.values())
        kept = {json.dumps({"Ref": name}) for name in logs}
        for function in resources(template, FUNCTION).values():
            assert json.dumps(function["LoggingConfig"]["LogGroup"]) in kept


@pytest.mark.parametrize(
    ("module", "more"),
    [
        ("dialout", ITEMS | SECRETS | SENDING),
        ("dialer", ITEMS | SECRETS | SENDING | RECEIVING | {"scheduler:DeleteSchedule"}),
        ("schedules", ITEMS | SECRETS | SCHEDULING),
        ("campaigns", ITEMS | SECRETS | SENDING),
        ("campaign_pump", ITEMS | SENDING),
        ("campaign_reports", ITEMS | SENDING | RECEIVING),
        ("twiml", ITEMS | SECRETS),
        (
            "call_records",
            ITEMS | SECRETS | {"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
        ),
        ("announcer", STREAM | SENDING | {"events:PutEvents"}),
        ("events", SECRETS | SENDING | RECEIVING),
        ("debrief", ITEMS | SECRETS | SENDING | RECEIVING),
        ("opt_outs", ITEMS | STREAM | SENDING | {"scheduler:DeleteSchedule"}),
        ("sweeper", ITEMS | SECRETS),
    ],
)
def test_each_function_may_do_what_it_does_and_no_more(
    dev: Template, module: str, more: set[str]
) -> None:
    actions = {action for each in _of(dev, module) for action in listed(each["Action"])}
    assert actions == TRACES | LOGS | more


def test_what_the_stack_knows_reaches_every_function(dev: Template) -> None:
    for handler, function in functions(dev).items():
        environment = dict(function["Environment"]["Variables"])
        assert environment.pop("POWERTOOLS_SERVICE_NAME") == handler.split(".")[1]
        assert environment.pop("POWERTOOLS_LOG_LEVEL") == "INFO"
        assert environment.pop("PYDANTIC_DISABLE_PLUGINS") == "__all__"
        assert environment == expected_settings(dev)


def expected_settings(template: Template) -> dict[str, Any]:
    """What functions and tasks of the plain development environment are told."""
    (table,) = resources(template, "AWS::DynamoDB::Table")
    (bucket,) = resources(template, "AWS::S3::Bucket")
    (bus,) = resources(template, "AWS::Events::EventBus")
    (api,) = resources(template, "AWS::ApiGatewayV2::Api")
    (distribution,) = resources(template, "AWS::CloudFront::Distribution")
    names = {
        queue["QueueName"]: name for name, queue in resources(template, "AWS::SQS::Queue").items()
    }
    dead_letters = names["dialout-dev-schedule-dead"]
    (role,) = (
        name
        for name, each in resources(template, "AWS::IAM::Role").items()
        if "scheduler.amazonaws.com" in json.dumps(each["AssumeRolePolicyDocument"])
    )
    return {
        "DIALOUT_TIMED_QUEUE_ARN": {"Fn::GetAtt": [names["dialout-dev-timed"], "Arn"]},
        "DIALOUT_SCHEDULE_GROUP": "dialout-dev",
        "DIALOUT_SCHEDULE_ROLE_ARN": {"Fn::GetAtt": [role, "Arn"]},
        "DIALOUT_SCHEDULE_DEAD_LETTERS_ARN": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "DIALOUT_ENV": "dev",
        "DIALOUT_TABLE": {"Ref": table},
        "DIALOUT_RECORDINGS_BUCKET": {"Ref": bucket},
        "DIALOUT_PREPARE_QUEUE_URL": {"Ref": names["dialout-dev-prepare"]},
        "DIALOUT_TIMED_QUEUE_URL": {"Ref": names["dialout-dev-timed"]},
        "DIALOUT_CAMPAIGN_QUEUE_URL": {"Ref": names["dialout-dev-campaign"]},
        "DIALOUT_EVENT_BUS": {"Ref": bus},
        "DIALOUT_PARAMETER_PREFIX": "/dialout/dev",
        # What Twilio signs over. The API's endpoint as it is: it has no slash at its end.
        "DIALOUT_PUBLIC_API_URL": {"Fn::GetAtt": [api, "ApiEndpoint"]},
        "DIALOUT_PUBLIC_WS_URL": {
            "Fn::Join": ["", ["wss://", {"Fn::GetAtt": [distribution, "DomainName"]}, "/ws"]]
        },
    }


def test_chosen_settings_reach_every_function_and_task(prod: Template) -> None:
    (task,) = resources(prod, "AWS::ECS::TaskDefinition").values()
    (container,) = task["ContainerDefinitions"]
    told = [each["Environment"]["Variables"] for each in functions(prod).values()]
    told.append({each["Name"]: each["Value"] for each in container["Environment"]})
    for environment in told:
        assert environment["DIALOUT_SEATS_PER_TASK"] == "20"
        assert environment["DIALOUT_PUBLIC_API_URL"] == "https://calls.example.com"
        assert environment["DIALOUT_PUBLIC_WS_URL"] == "wss://calls.example.com/ws"
        assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert prod.to_json()["Outputs"]["WsUrl"]["Value"] == "wss://calls.example.com/ws"


def test_an_own_domain_is_what_twilio_signs_over(own_domain: Template) -> None:
    for function in functions(own_domain).values():
        environment = function["Environment"]["Variables"]
        assert environment["DIALOUT_PUBLIC_API_URL"] == "https://api.example.com"
        assert environment["DIALOUT_PUBLIC_WS_URL"] == "wss://media.example.com/ws"


def _of(template: Template, module: str) -> list[dict[str, Any]]:
    """What the role of this function may do."""
    function = functions(template)[f"functions.{module}.handler"]
    return statements(template, function["Role"]["Fn::GetAtt"][0])
