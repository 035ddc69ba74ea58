"""An alarm for each failure, a page of graphs, and a letter where one is wanted."""

import json
import re
from pathlib import Path

import pytest
from aws_cdk.assertions import Template

from infra import alarms
from tests.infra.conftest import resources

ALARM = "AWS::CloudWatch::Alarm"
ROOT = Path(__file__).parents[2]
FAILURES = {
    "dead-letters-prepare",
    "dead-letters-timed",
    "dead-letters-campaign",
    "dead-letters-announcer",
    "dead-letters-webhooks",
    "dead-letters-schedule",
    "dead-letters-debrief",
    "dead-letters-opt-outs",
    "dead-letters-campaign-reports",
    "firings-not-delivered",
    "campaign-paused",
    "campaign-pump-fails",
    "seats-exhausted",
    "leases-leaked",
    "webhooks-slow",
    "signature-failures",
    "api-key-failures",
    "media-unhealthy",
    "media-none-healthy",
    "active-calls-missing",
    "sweeper-fails",
    "calls-not-placed",
    "requests-broken",
    "vendors-failing",
    "opt-outs-lost",
}


def test_every_failure_has_its_alarm(dev: Template) -> None:
    found = {each["AlarmName"] for each in resources(dev, ALARM).values()}
    assert {f"dialout-dev-{name}" for name in FAILURES} <= found


def test_every_queue_of_dead_letters_is_watched(dev: Template) -> None:
    dead = {
        name
        for name, queue in resources(dev, "AWS::SQS::Queue").items()
        if queue["QueueName"].endswith("-dead")
    }
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in resources(dev, ALARM).values()
        for dimension in alarm.get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }
    assert watched == dead


def test_silence_is_bad_where_something_must_be_heard(dev: Template) -> None:
    by_name = {each["AlarmName"]: each for each in resources(dev, ALARM).values()}
    breaching = {name for name, each in by_name.items() if each["TreatMissingData"] == "breaching"}
    assert breaching == {"dialout-dev-media-none-healthy", "dialout-dev-active-calls-missing"}
    missing = by_name["dialout-dev-active-calls-missing"]
    assert missing["Statistic"] == "SampleCount"
    assert missing["Dimensions"] == [{"Name": "environment", "Value": "dev"}]


def test_two_seconds_are_too_long_for_a_webhook(dev: Template) -> None:
    by_name = {each["AlarmName"]: each for each in resources(dev, ALARM).values()}
    slow = by_name["dialout-dev-webhooks-slow"]
    assert (slow["ExtendedStatistic"], slow["Threshold"]) == ("p99", 2000)
    (function,) = slow["Dimensions"]
    assert function["Value"]["Ref"].startswith("ApiTwiml")


@pytest.mark.parametrize(
    ("sentence", "file"),
    [
        (alarms.UNSIGNED_WEBHOOK, "functions/webhooks.py"),
        (alarms.UNSIGNED_STREAM, "media_service/process/app.py"),
        (alarms.UNKNOWN_KEY, "functions/http_api.py"),
        *((sentence, "functions/dialout.py") for sentence in alarms.NOT_PLACED["dialout"]),
        *((sentence, "functions/dialer.py") for sentence in alarms.NOT_PLACED["dialer"]),
        (alarms.NOT_DELIVERED, "functions/dialer.py"),
        *((sentence, "functions/problems.py") for sentence in alarms.BROKEN_REQUESTS),
        (alarms.VENDOR_FAILS, "media_service/session.py"),
        (alarms.OPT_OUT_NOT_KEPT, "media_service/opt_out.py"),
        (alarms.CAMPAIGN_PAUSED, "functions/campaign_reports.py"),
    ],
)
def test_what_is_counted_in_logs_is_what_is_logged(dev: Template, sentence: str, file: str) -> None:
    assert f'"{sentence}"' in (ROOT / file).read_text()
    patterns = [
        each["FilterPattern"] for each in resources(dev, "AWS::Logs::MetricFilter").values()
    ]
    assert any(f'"{sentence}"' in pattern for pattern in patterns)


def test_alarms_watch_what_the_filters_count(dev: Template) -> None:
    counted = {
        each["MetricTransformations"][0]["MetricName"]
        for each in resources(dev, "AWS::Logs::MetricFilter").values()
    }
    watched = {each.get("MetricName") for each in resources(dev, ALARM).values()}
    assert counted == {
        f"dev/{name}"
        for name in (
            "SignatureFailures", "ApiKeyFailures", "CallsNotPlaced", "BrokenRequests",
            "VendorFailures", "OptOutsLost", "CampaignsPaused", "FiringsNotDelivered",
        )
    }  # fmt: skip
    assert counted <= watched


def test_somebody_is_written_to_if_they_want(dev: Template, own_domain: Template) -> None:
    assert not dev.find_resources("AWS::SNS::Topic")
    (topic,) = resources(own_domain, "AWS::SNS::Topic")
    own_domain.has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "duty@example.com"}
    )
    for alarm in resources(own_domain, ALARM).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
    (policy,) = resources(own_domain, "AWS::SNS::TopicPolicy").values()
    allowed = {
        statement["Principal"]["Service"]: statement["Action"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    }
    assert allowed == {"cloudwatch.amazonaws.com": "sns:Publish"}


def test_the_dashboard_shows_every_function_and_every_alarm(dev: Template) -> None:
    (dashboard,) = resources(dev, "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"])
    for alarm in resources(dev, ALARM):
        assert f'"Fn::GetAtt": ["{alarm}", "Arn"]' in body
    for module in ("dialout", "twiml", "call_records", "announcer", "events", "sweeper"):
        assert f'\\"label\\":\\"{module}\\"' in body


def test_the_dashboard_shows_what_tasks_tell_of_their_callees_waits(dev: Template) -> None:
    # What is told is media_service/process/metrics.py's; by another name the graph were empty.
    told = re.findall(
        r'"(TurnLatency\w*)"', (ROOT / "media_service/process/metrics.py").read_text()
    )
    assert len(set(told)) == 5
    (dashboard,) = resources(dev, "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"])
    for name in told:
        assert f'\\"Dialout\\",\\"{name}\\",\\"environment\\",\\"dev\\"' in body
    for statistic in ("p50", "p95"):
        assert f'\\"stat\\":\\"{statistic}\\"' in body


def test_the_dashboard_shows_what_functions_count(dev: Template) -> None:
    counted = re.findall(r"Literal\[(.*?)\]", (ROOT / "functions/metric.py").read_text())
    names = re.findall(r'"(\w+)"', counted[0])
    assert len(names) == 3
    (dashboard,) = resources(dev, "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"])
    for name in names:
        assert f'\\"Dialout\\",\\"{name}\\",\\"environment\\",\\"dev\\"' in body
