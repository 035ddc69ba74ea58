"""What keeps data, and how long."""

import pytest
from aws_cdk.assertions import Match, Template

from tests.infra.conftest import resources

TABLE = "AWS::DynamoDB::Table"
BUCKET = "AWS::S3::Bucket"
QUEUE = "AWS::SQS::Queue"


def test_the_table_has_the_keys_the_index_and_the_expiry_that_the_records_need(
    dev: Template,
) -> None:
    dev.has_resource_properties(
        TABLE,
        {
            "TableName": "dialout-dev",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by_day",
                    "KeySchema": [
                        {"AttributeName": "day", "KeyType": "HASH"},
                        {"AttributeName": "call_id", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "SSESpecification": {"SSEEnabled": True},
            # The announcer compares.
            "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        },
    )


def test_production_keeps_its_data_when_the_stack_goes(prod: Template) -> None:
    for kind in (TABLE, BUCKET):
        (resource,) = prod.find_resources(kind).values()
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    prod.has_resource_properties(
        TABLE,
        {
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    )


def test_elsewhere_everything_goes_with_the_stack(dev: Template) -> None:
    for name, resource in dev.to_json()["Resources"].items():
        assert resource.get("DeletionPolicy", "Delete") == "Delete", name
    (table,) = resources(dev, TABLE).values()
    assert not table.get("DeletionProtectionEnabled")


def test_recordings_are_private_encrypted_and_expire(dev: Template, prod: Template) -> None:
    for template, days in ((dev, 90), (prod, 30)):
        template.has_resource_properties(
            BUCKET,
            {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "BucketEncryption": Match.any_value(),
                "LifecycleConfiguration": {
                    "Rules": [
                        Match.object_like({"ExpirationInDays": days, "Status": "Enabled"}),
                    ]
                },
            },
        )
        template.has_resource_properties(
            "AWS::S3::BucketPolicy",
            {"PolicyDocument": {"Statement": Match.array_with([_only_over_tls()])}},
        )


def test_the_console_may_fetch_a_recording_that_it_has_the_address_of(dev: Template) -> None:
    (bucket,) = resources(dev, BUCKET).values()
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["GET"]
    assert rule["AllowedOrigins"] == ["http://localhost:7860", "http://127.0.0.1:7860"]


def test_nothing_empties_the_bucket_by_itself(dev: Template) -> None:
    # `auto_delete_objects` would be a custom resource.
    kinds = {resource["Type"] for resource in dev.to_json()["Resources"].values()}
    assert [kind for kind in kinds if kind.startswith("Custom::")] == ["Custom::PrefixList"]


@pytest.mark.parametrize("name", ["prepare", "timed", "campaign"])
def test_every_queue_is_encrypted_and_has_its_own_dead_letters(dev: Template, name: str) -> None:
    queues = resources(dev, QUEUE)
    by_name = {queue["QueueName"]: (logical, queue) for logical, queue in queues.items()}
    _, queue = by_name[f"dialout-dev-{name}"]
    dead, dead_queue = by_name[f"dialout-dev-{name}-dead"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [dead, "Arn"]}
    assert queue["SqsManagedSseEnabled"]
    assert dead_queue["SqsManagedSseEnabled"]
    assert dead_queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert "FifoQueue" not in queue


def test_every_queue_refuses_what_is_not_tls(dev: Template) -> None:
    policies = resources(dev, "AWS::SQS::QueuePolicy")
    denied = [
        policy["Queues"][0]["Ref"]
        for policy in policies.values()
        if any(
            statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["PolicyDocument"]["Statement"]
        )
    ]
    assert sorted(denied) == sorted(resources(dev, QUEUE))


def _only_over_tls() -> object:
    return Match.object_like(
        {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    )
