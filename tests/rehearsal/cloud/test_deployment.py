"""The project's own stack, deployed, changed and destroyed by the real CDK."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from calls.adapters.dynamodb import DynamoCallRecords
from calls.call import Call, Status
from rehearsal.cloud.deployment import ROOT, Deployment, LocalCloud
from rehearsal.cloud.function_log import function_log
from rehearsal.cloud.process import CommandError

_CHANGED = """
import json, os
def handler(event, context):
    print("Asked for", event["routeKey"])
    return {"statusCode": 200, "body": json.dumps(dict(os.environ))}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what is deployed, to be changed; tools and caches are the repository's own."""
    copy = tmp_path / "project"
    copy.mkdir()
    (ROOT / ".build").mkdir(exist_ok=True)
    for name in (".venv", "node_modules", ".rehearsal", ".build"):
        (copy / name).symlink_to(ROOT / name)
    for name in ("agents", "calls", "functions", "infra", "requirements"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "cdk.json", copy / "cdk.json")
    return copy


@pytest.mark.timeout(300)  # The first build ever installs the functions' dependencies.
async def test_a_stack_is_deployed_changed_and_destroyed(project: Path, tmp_path: Path) -> None:
    async with LocalCloud(tmp_path, root=project) as cloud:
        first = await cloud.deploy({"DIALOUT_PUBLIC_API_URL": "http://127.0.0.1:7860"})
        await cloud.warm(first)
        assert await _get(first, "/healthz") == {"status": "ok"}
        assert await _status(first, "/calls") == 401
        assert await _status(first, "/elsewhere") == 401
        assert await _status(first, "/calls", Authorization="Bearer wrong") == 503  # No keys yet.

        queues, url = cloud.client("sqs"), first.prepare_queue_url
        queues.send_message(QueueUrl=url, MessageBody="01J")
        (message,) = queues.receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == "01J"

        table = cloud.client("dynamodb")
        key = {"pk": {"S": "CALL#1"}, "sk": {"S": "META"}}
        table.put_item(TableName=first.table, Item={**key, "kept": {"BOOL": True}})
        (project / "functions/call_records.py").write_text(_CHANGED)
        second = await cloud.deploy({"DIALOUT_MAX_CALL_SECONDS": "60"})

        assert second == first
        assert table.get_item(TableName=first.table, Key=key)["Item"]["kept"]["BOOL"]
        seen = await _get(second, "/healthz")
        assert seen["DIALOUT_MAX_CALL_SECONDS"] == "60"
        assert {name: seen[name] for name in second.environment if name.startswith("DIALOUT_")} == {
            name: value for name, value in second.environment.items() if name.startswith("DIALOUT_")
        }

        # The emulator hands a log on with the next request at the latest.
        await _get(second, "/healthz")

        await cloud.destroy()
        assert _left(cloud) == []
    log = (tmp_path / "logs/functions.log").read_text()
    assert "dialout-rehearsal-call-records Asked for GET /healthz" in log


@pytest.mark.timeout(120)
async def test_an_unknown_setting_is_refused_with_its_name(project: Path, tmp_path: Path) -> None:
    async with LocalCloud(tmp_path, root=project, endpoint="http://127.0.0.1:9") as cloud:
        with pytest.raises(CommandError, match="DIALOUT_SEAT: no such setting"):
            await cloud.deploy({"DIALOUT_SEAT": "3"})


@pytest.mark.timeout(300)
async def test_what_a_call_reaches_waits_in_a_queue_until_its_webhook_is_asked(
    tmp_path: Path,
) -> None:
    async with LocalCloud(tmp_path) as cloud:
        deployed = await cloud.deploy({"DIALOUT_PUBLIC_API_URL": "http://127.0.0.1:7860"})
        records = DynamoCallRecords(deployed.table, cloud.client("dynamodb"))
        at = datetime.now(UTC)
        records.create(
            Call(
                call_id="01J00000000000000000000000", status=Status.DIALING,
                to_number="+15550100001", from_number="+15550000001", agent="amelia",
                api_key="test", created_at=at, stream_until=at, max_call_seconds=60,
                # Not let through: no webhook may be on this machine. But this far it comes.
                webhook_url="https://127.0.0.1/hook",
            )
        )  # fmt: skip
        # Without a secret to sign with, it is put off for ten seconds or so.
        failed, waits = await _delivery_lines(cloud, 2)
        cloud.client("ssm").put_parameter(
            Name=f"{deployed.parameter_prefix}/webhook-secret", Value="secret", Type="SecureString"
        )
        *_, refused = await _delivery_lines(cloud, 3)
        dead = await asyncio.to_thread(_dead_letters, cloud, "dialout-rehearsal-webhooks-dead")
    assert (failed["message"], failed["attempt"]) == ("Event not sent", 1)
    assert failed["kinds"][0] == "SecretMissingError"
    assert (waits["message"], waits["event"]) == ("Event waits", "call.started")
    assert refused["message"] == "Webhook may not be asked: event given up"
    assert refused["attempt"] == 2
    (letter,) = dead
    assert letter["detail"]["id"] == "01J00000000000000000000000.call.started"


async def _delivery_lines(cloud: LocalCloud, count: int) -> list[dict[str, Any]]:
    """What the function said that delivers events, once it has said so many lines."""
    async with asyncio.timeout(60):
        while True:
            log = await asyncio.to_thread(function_log, cloud.endpoint)
            lines = [
                json.loads(line[line.index("{") :])
                for line in log.splitlines()
                if " dialout-rehearsal-events {" in line
            ]
            if len(lines) >= count:
                return lines
            await asyncio.sleep(0.5)


def _dead_letters(cloud: LocalCloud, name: str) -> list[dict[str, Any]]:
    queues = cloud.client("sqs")
    url = queues.get_queue_url(QueueName=name)["QueueUrl"]
    found = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    return [json.loads(each["Body"]) for each in found.get("Messages", [])]


def _left(cloud: LocalCloud) -> list[str]:
    """What is still there, beside what the bootstrap made."""
    left = [*cloud.client("dynamodb").list_tables()["TableNames"]]
    left += cloud.client("sqs").list_queues().get("QueueUrls", [])
    left += [each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]]
    left += [each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]]
    left += [each["Name"] for each in cloud.client("apigatewayv2").get_apis()["Items"]]
    left += [each["RoleName"] for each in cloud.client("iam").list_roles()["Roles"]]
    left += [
        each["logGroupName"] for each in cloud.client("logs").describe_log_groups()["logGroups"]
    ]
    left += [each["Name"] for each in cloud.client("events").list_event_buses()["EventBuses"]]
    left += [each["Name"] for each in cloud.client("events").list_rules()["Rules"]]
    left += [
        each["Name"] for each in cloud.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    ]
    left += cloud.client("ecs").list_clusters()["clusterArns"]
    left += [
        each["AlarmName"] for each in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    ]
    left += [
        each["VpcId"]
        for each in cloud.client("ec2").describe_vpcs()["Vpcs"]
        if not each["IsDefault"]
    ]
    left += [
        each["LoadBalancerName"]
        for each in cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    ]
    return [name for name in left if not name.startswith("cdk-") and name != "default"]


async def _get(deployment: Deployment, path: str) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await http.get(deployment.api_url + path)
    found: dict[str, str] = answer.raise_for_status().json()
    return found


async def _status(deployment: Deployment, path: str, **headers: str) -> int:
    async with httpx.AsyncClient(timeout=30, headers=headers) as http:
        return (await http.get(deployment.api_url + path)).status_code
