"""The stack as a whole: grants, names, encryption, outputs."""

import json

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import listed, resources

# Actions that know no resource, and so are granted on all of them.
WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "dynamodb:ListStreams",
    "ec2:DescribeManagedPrefixLists",
    "ecr:GetAuthorizationToken",
}


@pytest.fixture(params=["dev", "own_domain"])
def template(request: pytest.FixtureRequest) -> Template:
    found: Template = request.getfixturevalue(request.param)
    return found


def test_no_grant_is_wider_than_it_must_be(template: Template) -> None:
    for policy in resources(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = set(listed(statement["Action"]))
            assert statement["Effect"] == "Allow"
            assert not [action for action in actions if "*" in action]
            for resource in listed(statement["Resource"]):
                text = json.dumps(resource)
                if text == '"*"':
                    assert actions <= WITHOUT_RESOURCE
                elif ":kms:" in text:
                    assert set(statement["Condition"]) == {"StringEquals", "StringLike"}
                    (alike,) = statement["Condition"]["StringLike"].values()
                    assert ":parameter/dialout/" in json.dumps(alike)
                elif "*" in text:
                    # The bucket's objects; the environment's own parameters and schedules.
                    assert actions <= {"s3:GetObject", "s3:PutObject"} or (
                        ":parameter/dialout/" in text or ":schedule/dialout-" in text
                    ), text


def test_roles_have_no_managed_policy_and_serve_one_service(template: Template) -> None:
    for role in resources(template, "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert set(statement["Principal"]) == {"Service"}


def test_everything_carries_the_environments_name(prod: Template) -> None:
    names = {
        "AWS::Lambda::Function": "FunctionName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::DynamoDB::Table": "TableName",
        "AWS::ApiGatewayV2::Api": "Name",
        "AWS::ECS::Cluster": "ClusterName",
        "AWS::ECS::Service": "ServiceName",
        "AWS::ECS::TaskDefinition": "Family",
        "AWS::Events::EventBus": "Name",
        "AWS::Scheduler::ScheduleGroup": "Name",
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::CloudWatch::Dashboard": "DashboardName",
    }
    for kind, name in names.items():
        found = resources(prod, kind)
        assert found
        for resource in found.values():
            # CDK's own function has none: the stack's name, which says it too, becomes its.
            assert resource.get(name, "dialout-prod").startswith("dialout-prod")
            if kind != "AWS::CloudWatch::Dashboard":
                tags = {tag["Key"]: tag["Value"] for tag in _tags(resource)}
                assert tags["environment"] == "prod"
                assert tags["project"] == "dialout"


def test_outputs_tell_where_things_are(dev: Template) -> None:
    outputs = dev.to_json()["Outputs"]
    assert outputs["ApiUrl"]["Value"]["Fn::GetAtt"][1] == "ApiEndpoint"
    assert outputs["WsUrl"]["Value"]["Fn::Join"][1][0::2] == ["wss://", "/ws"]
    assert json.dumps(outputs["DashboardUrl"]["Value"]).count("dashboards/dashboard") == 1
    assert {"TableName", "RecordingsBucketName", "PrepareQueueUrl", "EventBusName"} < set(outputs)


def test_nothing_holds_a_secret(template: Template) -> None:
    text = json.dumps(template.to_json())
    assert "dynamic reference" not in text
    assert "{{resolve:" not in text
    assert not [
        container.get("Secrets")
        for task in resources(template, "AWS::ECS::TaskDefinition").values()
        for container in task["ContainerDefinitions"]
        if container.get("Secrets")
    ]


def _tags(resource: dict[str, object]) -> list[dict[str, str]]:
    tags = resource["Tags"]
    if isinstance(tags, dict):  # API Gateway's
        return [{"Key": key, "Value": value} for key, value in tags.items()]
    assert isinstance(tags, list)
    return tags
