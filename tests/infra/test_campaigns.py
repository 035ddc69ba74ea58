"""What their calls came to draws the next ones, and so does every minute."""

from aws_cdk.assertions import Match, Template

from tests.infra.conftest import functions, resources
from tests.infra.test_dialing import mappings


def _function(template: Template, module: str) -> str:
    (name,) = (
        name
        for name, each in resources(template, "AWS::Lambda::Function").items()
        if each["Handler"] == f"functions.{module}.handler"
    )
    return name


def test_calls_of_campaigns_that_end_reach_their_function(dev: Template) -> None:
    queues = {each["QueueName"]: name for name, each in resources(dev, "AWS::SQS::Queue").items()}
    dev.has_resource_properties(
        "AWS::Events::Rule",
        {
            "Name": "dialout-dev-campaign-reports",
            "EventPattern": {
                "source": ["dialout"],
                "detail-type": ["call.ended", "call.analyzed"],
                "detail": {"call": {"campaign_id": [{"prefix": "0"}]}},
            },
            "Targets": [
                Match.object_like(
                    {
                        "Arn": {"Fn::GetAtt": [queues["dialout-dev-campaign-reports"], "Arn"]},
                        "DeadLetterConfig": {
                            "Arn": {
                                "Fn::GetAtt": [queues["dialout-dev-campaign-reports-dead"], "Arn"]
                            }
                        },
                    }
                )
            ],
        },
    )
    found = mappings(dev)["dialout-dev-campaign-reports"]
    assert found["FunctionName"] == {"Ref": _function(dev, "campaign_reports")}
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["ScalingConfig"] == {"MaximumConcurrency": 2}
    queue = resources(dev, "AWS::SQS::Queue")[queues["dialout-dev-campaign-reports"]]
    timeout = functions(dev)["functions.campaign_reports.handler"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": [queues["dialout-dev-campaign-reports-dead"], "Arn"]
    }


def test_the_pump_runs_every_minute_and_repeats_nothing(dev: Template) -> None:
    pump = _function(dev, "campaign_pump")
    dev.has_resource_properties(
        "AWS::Events::Rule",
        {
            "Name": "dialout-dev-campaign-pump",
            "ScheduleExpression": "rate(1 minute)",
            "State": "ENABLED",
            "Targets": [
                Match.object_like(
                    {
                        "Arn": {"Fn::GetAtt": [pump, "Arn"]},
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
        "AWS::Lambda::EventInvokeConfig",
        {"FunctionName": {"Ref": pump}, "MaximumRetryAttempts": 0},
    )
