"""The routes, the functions behind them, and what they may do."""

import json
from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import resources

FUNCTION = "AWS::Lambda::Function"
ROUTES = {
    "functions.dialout.handler": {"POST /dialout"},
    "functions.twiml.handler": {
        "POST /twiml",
        "POST /status",
        "POST /recording-status",
        "POST /stream-status",
    },
    "functions.call_records.handler": {
        "GET /calls",
        "GET /calls/{call_id}",
        "DELETE /calls/{call_id}",
        "GET /calls/{call_id}/recording",
        "GET /healthz",
        "$default",
    },
}
ITEMS = {
    f"dynamodb:{action}"
    for action in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem",
        "GetItem", "PutItem", "Query", "UpdateItem",
    )
}  # fmt: skip
SECRETS = {"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "kms:Decrypt"}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
ALWAYS = ITEMS | SECRETS | TRACES | LOGS


def test_each_route_goes_to_its_function_and_the_rest_to_a_refusal(dev: Template) -> None:
    functions = resources(dev, FUNCTION)
    integrations = resources(dev, "AWS::ApiGatewayV2::Integration")
    found: dict[str, set[str]] = {}
    for route in resources(dev, "AWS::ApiGatewayV2::Route").values():
        integration = route["Target"]["Fn::Join"][1][1]["Ref"]
        function = integrations[integration]["IntegrationUri"]["Fn::GetAtt"][0]
        found.setdefault(functions[function]["Handler"], set()).add(route["RouteKey"])
        assert integrations[integration]["PayloadFormatVersion"] == "2.0"
    assert found == ROUTES


def test_api_gateway_may_call_each_function_for_its_routes_only(dev: Template) -> None:
    permissions = resources(dev, "AWS::Lambda::Permission").values()
    assert {permission["Principal"] for permission in permissions} == {"apigateway.amazonaws.com"}
    called = [permission["SourceArn"]["Fn::Join"][1][-1] for permission in permissions]
    # CDK's word for the default route: any stage, whatever is asked for.
    ends = [
        "/*/*" if key == "$default" else f"/*/*{key.split()[1]}"
        for keys in ROUTES.values()
        for key in keys
    ]
    assert sorted(called) == sorted(ends)


def test_the_stage_throttles_and_logs_the_route_but_never_the_path(dev: Template) -> None:
    (stage,) = resources(dev, "AWS::ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    fields = set(json.loads(stage["AccessLogSettings"]["Format"]).values())
    assert "$context.routeKey" in fields
    telling = ("path", "Path", "querystring", "authorizer", "protocol")
    assert not [field for field in fields if any(word in field for word in telling)]


def test_functions_run_as_they_are_asked_to(dev: Template, prod: Template) -> None:
    for template, arch, runtime in (
        (dev, "arm64", "python3.13"),
        (prod, "x86_64", "python3.11"),
    ):
        functions = resources(template, FUNCTION).values()
        assert len(functions) == len(ROUTES)
        for function in functions:
            assert function["Architectures"] == [arch]
            assert function["Runtime"] == runtime
            assert function["TracingConfig"] == {"Mode": "Active"}
            assert "Ref" in function["LoggingConfig"]["LogGroup"]
        assert len({json.dumps(function["Code"]) for function in functions}) == 1
    timeouts = {each["Handler"]: each["Timeout"] for each in resources(dev, FUNCTION).values()}
    assert list(map(timeouts.get, ROUTES)) == [20, 10, 29]


def test_every_log_is_kept_for_a_while_and_not_for_ever(dev: Template, prod: Template) -> None:
    for template in (dev, prod):
        logs = resources(template, "AWS::Logs::LogGroup")
        assert len(logs) == len(ROUTES) + 1
        assert all(14 <= log["RetentionInDays"] <= 90 for log in logs.values())


@pytest.mark.parametrize(
    ("handler", "more"),
    [
        ("functions.dialout.handler", {"sqs:SendMessage"}),
        ("functions.twiml.handler", set()),
        ("functions.call_records.handler", {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}),
    ],
)
def test_each_function_may_do_what_it_does_and_no_more(
    dev: Template, handler: str, more: set[str]
) -> None:
    statements = _statements(dev, handler)
    actions = {action for each in statements for action in _listed(each["Action"])}
    # CDK's own grant for sending asks for the queue's address and attributes too.
    assert actions - {"sqs:GetQueueAttributes", "sqs:GetQueueUrl"} == ALWAYS | more


def test_no_grant_is_wider_than_it_must_be(dev: Template) -> None:
    for handler in ROUTES:
        for statement in _statements(dev, handler):
            actions = set(_listed(statement["Action"]))
            assert not [action for action in actions if "*" in action]
            for resource in _listed(statement["Resource"]):
                text = json.dumps(resource)
                if text == '"*"':
                    assert actions == TRACES  # They know no resource.
                elif "kms" in text:
                    assert set(statement["Condition"]) == {"StringEquals", "StringLike"}
                    (alike,) = statement["Condition"]["StringLike"].values()
                    assert json.dumps(alike).endswith('parameter/dialout/dev/*"]]}')
                elif "*" in text:
                    assert text.endswith(('"/*"]]}', 'parameter/dialout/dev/*"]]}')), text


def test_roles_have_no_managed_policy(dev: Template) -> None:
    assert not [r for r in resources(dev, "AWS::IAM::Role").values() if "ManagedPolicyArns" in r]


def test_what_the_stack_knows_reaches_every_function(dev: Template) -> None:
    table = next(iter(resources(dev, "AWS::DynamoDB::Table")))
    bucket = next(iter(resources(dev, "AWS::S3::Bucket")))
    queues = {queue["QueueName"]: name for name, queue in resources(dev, "AWS::SQS::Queue").items()}
    for function in resources(dev, FUNCTION).values():
        environment = dict(function["Environment"]["Variables"])
        module = function["Handler"].split(".")[1]
        # The API's endpoint as it is: a slash at its end would spoil Twilio's signatures.
        url = environment.pop("DIALOUT_PUBLIC_API_URL")
        assert list(url) == ["Fn::GetAtt"]
        assert url["Fn::GetAtt"][1] == "ApiEndpoint"
        assert environment == {
            "DIALOUT_ENV": "dev",
            "DIALOUT_TABLE": {"Ref": table},
            "DIALOUT_RECORDINGS_BUCKET": {"Ref": bucket},
            "DIALOUT_PREPARE_QUEUE_URL": {"Ref": queues["dialout-dev-prepare"]},
            "DIALOUT_TIMED_QUEUE_URL": {"Ref": queues["dialout-dev-timed"]},
            "DIALOUT_CAMPAIGN_QUEUE_URL": {"Ref": queues["dialout-dev-campaign"]},
            "DIALOUT_PARAMETER_PREFIX": "/dialout/dev",
            "POWERTOOLS_SERVICE_NAME": module,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }


def test_chosen_settings_reach_every_function(prod: Template) -> None:
    for function in resources(prod, FUNCTION).values():
        environment = function["Environment"]["Variables"]
        assert environment["DIALOUT_SEATS_PER_TASK"] == "20"
        assert environment["DIALOUT_PUBLIC_API_URL"] == "https://calls.example.com"
        assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_outputs_tell_where_things_are(dev: Template) -> None:
    outputs = dev.to_json()["Outputs"]
    assert outputs["ApiUrl"]["Value"]["Fn::GetAtt"][1] == "ApiEndpoint"
    assert {"TableName", "RecordingsBucketName", "PrepareQueueUrl"} < set(outputs)


def test_everything_carries_the_environments_name(prod: Template) -> None:
    for kind, name in (
        (FUNCTION, "FunctionName"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::ApiGatewayV2::Api", "Name"),
    ):
        for resource in resources(prod, kind).values():
            assert resource[name].startswith("dialout-prod")
            assert "prod" in json.dumps(resource["Tags"])


def _statements(template: Template, handler: str) -> list[dict[str, Any]]:
    (function,) = (
        each for each in resources(template, FUNCTION).values() if each["Handler"] == handler
    )
    role = function["Role"]["Fn::GetAtt"][0]
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
