"""What the rehearsal relies on in the emulator, patches included."""

import asyncio
import io
import json
import sys
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio

from rehearsal.cloud.client import client
from rehearsal.cloud.deployment import ROOT
from rehearsal.cloud.emulator_process import EmulatorProcess

PYTHON = ROOT / ".rehearsal/cloud/bin/python"
ROLE = "arn:aws:iam::000000000000:role/any"
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ECHO = """
import json, os, botocore.session
# With nothing but its environment it finds the local cloud.
botocore.session.Session().create_client("sqs").get_queue_url(QueueName="seen")
def handler(event, context):
    names = {name: os.environ[name] for name in os.environ}
    answer = {"event": event, "environment": names, "function": context.function_name}
    return {
        "statusCode": 201,
        "headers": {"content-type": "application/json", "x-own": "a"},
        "cookies": ["one=1; Path=/", "two=2"],
        "body": json.dumps(answer),
    }
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder = tmp_path_factory.mktemp("emulator")
    emulator = await EmulatorProcess.start(PYTHON, folder, folder / "log")
    yield emulator.endpoint
    await emulator.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def aws(endpoint: str) -> Callable[[str], Any]:
    return lambda service: client(service, endpoint)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(endpoint: str, aws: Callable[[str], Any]) -> str:
    """The address of an HTTP API whose function answers with what it was given."""
    aws("sqs").create_queue(QueueName="seen")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr("echo.py", _ECHO)
    function = aws("lambda").create_function(
        FunctionName="echo",
        Runtime=RUNTIME,
        Role=ROLE,
        Handler="echo.handler",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"DIALOUT_ENV": "rehearsal"}},
    )
    gateway = aws("apigatewayv2")
    made = gateway.create_api(Name="echo", ProtocolType="HTTP")
    integration = gateway.create_integration(
        ApiId=made["ApiId"],
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )
    for route in ("POST /twiml", "GET /calls/{call_id}"):
        gateway.create_route(
            ApiId=made["ApiId"],
            RouteKey=route,
            Target=f"integrations/{integration['IntegrationId']}",
        )
    gateway.create_stage(ApiId=made["ApiId"], StageName="$default", AutoDeploy=True)
    return f"{endpoint}/_aws/execute-api/{made['ApiId']}/$default"


async def test_a_form_arrives_as_api_gateway_sends_it(api: str) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{api}/twiml?call_id=01J&leg=2&empty=",
            content="To=%2B15550000002&Body=a%20b",
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": "abc=",
                "Host": "calls.example.com",
            },
        )
    event = answer.json()["event"]
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/twiml"  # Neither the stage nor the path style's prefix is in it.
    assert event["rawQueryString"] == "call_id=01J&leg=2&empty="
    assert event["requestContext"]["stage"] == "$default"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["headers"]["x-twilio-signature"] == "abc="
    assert event["routeKey"] == "POST /twiml"
    assert event["isBase64Encoded"]
    assert event["body"] == "VG89JTJCMTU1NTAwMDAwMDImQm9keT1hJTIwYg=="


async def test_an_answer_arrives_as_the_function_gave_it(api: str) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{api}/calls/01J")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-own"] == "a"
    assert answer.headers.get_list("set-cookie") == ["one=1; Path=/", "two=2"]


async def test_a_function_sees_its_settings_and_the_local_cloud_only(
    api: str, endpoint: str
) -> None:
    async with httpx.AsyncClient() as http:
        seen = (await http.get(f"{api}/calls/01J")).json()["environment"]
    assert seen["DIALOUT_ENV"] == "rehearsal"
    assert seen["AWS_ENDPOINT_URL"] == endpoint
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert "PYTEST_VERSION" not in seen


async def test_secrets_are_read_together_and_decrypted(aws: Callable[[str], Any]) -> None:
    ssm = aws("ssm")
    for name in ("twilio/auth-token", "stream-secret"):
        ssm.put_parameter(Name=f"/dialout/t/{name}", Value=f"secret of {name}", Type="SecureString")
    found = ssm.get_parameters_by_path(Path="/dialout/t", Recursive=True, WithDecryption=True)
    assert {each["Name"]: each["Value"] for each in found["Parameters"]} == {
        "/dialout/t/twilio/auth-token": "secret of twilio/auth-token",
        "/dialout/t/stream-secret": "secret of stream-secret",
    }


async def test_a_transaction_is_done_whole_or_not_at_all(aws: Callable[[str], Any]) -> None:
    dynamodb = aws("dynamodb")
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    dynamodb.create_table(
        TableName="calls",
        KeySchema=key,
        AttributeDefinitions=attributes,
        BillingMode="PAY_PER_REQUEST",
    )

    def put(name: str) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": "calls",
                "Item": {"pk": {"S": name}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    dynamodb.transact_write_items(TransactItems=[put("a"), put("b")])
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.transact_write_items(TransactItems=[put("c"), put("b")])
    reasons = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert dynamodb.scan(TableName="calls")["Count"] == 2


async def test_a_recording_is_fetched_from_a_signed_address(aws: Callable[[str], Any]) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="recordings")
    s3.put_object(Bucket="recordings", Key="a/b.wav", Body=b"RIFF", ContentType="audio/wav")
    given = {"Bucket": "recordings", "Key": "a/b.wav"}
    address = s3.generate_presigned_url("get_object", Params=given, ExpiresIn=60)
    async with httpx.AsyncClient() as http:
        answer = await http.get(address)
    assert (answer.content, answer.headers["content-type"]) == (b"RIFF", "audio/wav")
    with pytest.raises(s3.exceptions.ClientError) as missing:
        s3.head_object(Bucket="recordings", Key="none")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


async def test_schedules_fire_in_their_own_time_zone_with_an_execution_id(
    aws: Callable[[str], Any],
) -> None:
    sqs, scheduler = aws("sqs"), aws("scheduler")
    queue = sqs.create_queue(QueueName="timed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    soon = datetime.now(UTC) + timedelta(seconds=2)

    def schedule(name: str, at: datetime, zone: str) -> None:
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({at.strftime('%Y-%m-%dT%H:%M:%S')})",
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": arn["Attributes"]["QueueArn"],
                "RoleArn": ROLE,
                "Input": json.dumps(
                    {
                        "key": "<aws.scheduler.execution-id>",
                        "due": "<aws.scheduler.scheduled-time>",
                        "name": name,
                    }
                ),
            },
        )

    # As UTC the first would lie hours ahead; the second is past as UTC, and hours ahead in truth.
    schedule("tokyo", soon.astimezone(ZoneInfo("Asia/Tokyo")), "Asia/Tokyo")
    schedule("los-angeles", soon, "America/Los_Angeles")
    assert scheduler.get_schedule(Name="tokyo")["ScheduleExpressionTimezone"] == "Asia/Tokyo"

    fired: list[dict[str, str]] = []
    until = time.monotonic() + 5
    while time.monotonic() < until:
        got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        fired += [json.loads(message["Body"]) for message in got.get("Messages", [])]
        await asyncio.sleep(0.2)
    assert [message["name"] for message in fired] == ["tokyo"]
    assert len(fired[0]["key"]) == 36
    assert fired[0]["due"] == soon.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_types_without_effect_and_metric_math_can_be_deployed(
    aws: Callable[[str], Any],
) -> None:
    template = {
        "Resources": {
            "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
            "Gateway": {
                "Type": "AWS::EC2::NatGateway",
                "Properties": {
                    "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
                    "SubnetId": "subnet-1",
                },
            },
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "ComparisonOperator": "GreaterThanThreshold",
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "Metrics": [{"Id": "all", "Expression": "a + b", "ReturnData": True}],
                },
            },
        }
    }
    formation = aws("cloudformation")
    formation.create_stack(StackName="types", TemplateBody=json.dumps(template))
    for _ in range(50):
        status = formation.describe_stacks(StackName="types")["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        await asyncio.sleep(0.1)
    assert status == "CREATE_COMPLETE"


async def test_services_fail_by_order_and_are_well_again(
    endpoint: str, aws: Callable[[str], Any]
) -> None:
    dynamodb, ssm = aws("dynamodb"), aws("ssm")
    dynamodb.create_table(
        TableName="throttled",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"TableName": "throttled", "Item": {"pk": {"S": "a"}}}

    async with httpx.AsyncClient(base_url=endpoint) as http:

        async def order(faults: dict[str, float]) -> int:
            return (await http.put("/_rehearsal/faults", json=faults)).status_code

        async def request(operation: str, body: dict[str, Any]) -> httpx.Response:
            return await http.post(
                "/", json=body, headers={"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
            )

        assert await order({"s3": 1}) == 400
        assert await order({"dynamodb": 0}) == 400
        assert await order({"dynamodb": 0.5, "ssm": 1}) == 200
        codes = [(await request("PutItem", item)).status_code for _ in range(4)]
        assert codes == [200, 400, 200, 400]

        await order({"dynamodb": 1})
        refused = (await request("PutItem", item)).json()
        assert refused["__type"].endswith("#ProvisionedThroughputExceededException")
        with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
            dynamodb.transact_write_items(TransactItems=[{"Put": item}])
        reasons = cancelled.value.response["CancellationReasons"]
        assert [reason["Code"] for reason in reasons] == ["ThrottlingError"]

        await order({"ssm": 1})
        with pytest.raises(ssm.exceptions.InternalServerError):
            ssm.get_parameters_by_path(Path="/dialout/t")
        assert await order({}) == 200
    assert dynamodb.put_item(**item)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert ssm.get_parameters_by_path(Path="/nothing")["Parameters"] == []
