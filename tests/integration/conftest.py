"""The handlers' surroundings in a process of their own: moto for AWS, an HTTP server for Twilio."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from moto import mock_aws

from calls import keys
from calls.adapters import dynamodb_contacts
from calls.call import now
from calls.seats import Beat
from calls.settings import settings
from functions import wiring
from rehearsal.cloud.deployment import ROOT
from rehearsal.cloud.emulator_process import EmulatorProcess

PUBLIC = "https://api.dialout.test"
AUTH_TOKEN = "auth-token-of-the-test"
ACCOUNT_SID = "AC00000000000000000000000000000001"
API_KEY = "key-of-the-test"
SECRETS = {
    "twilio/account-sid": ACCOUNT_SID,
    "twilio/auth-token": AUTH_TOKEN,
    "stream-secret": "stream-secret-of-the-test",
    "api-keys": keys.dump(
        [keys.ApiKey(name="tests", sha256=keys.sha256(API_KEY), created_at=datetime.now(UTC))]
    ),
}
SQS = "https://sqs.us-east-1.amazonaws.com/123456789012"


NEVER = 0
"""The status of an answer of Twilio's that does not come."""


@dataclass
class Twilio:
    """Twilio's REST API, as far as one request needs it: keeps what it was asked."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    media: bytes = b"RIFF....WAVE"
    hung_up: Event = field(default_factory=Event)
    """Set when nobody waits for the answer any more that never comes."""

    def answer(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        if self.answers:
            return self.answers.pop(0)
        if path.endswith("/Calls.json") and method == "POST":
            return 201, {"sid": f"CA{len(self.creates):032}", "status": "queued"}
        return 200, {"sid": path.rsplit("/", 1)[-1].removesuffix(".json")}

    @property
    def creates(self) -> list[dict[str, list[str]]]:
        return [
            form for method, path, form in self.requests
            if method == "POST" and path.endswith("/Calls.json")
        ]  # fmt: skip


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    stand_in = Twilio()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
            path = self.path.partition("?")[0]
            stand_in.requests.append((self.command, path, form))
            if path.endswith(".wav"):
                status, kind, body = 200, "audio/wav", stand_in.media
            else:
                status, answer = stand_in.answer(self.command, path)
                if status == NEVER:
                    self.close_connection = stand_in.hung_up.wait(30)
                    return
                kind, body = "application/json", json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    yield stand_in
    stand_in.hung_up.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The local cloud, for what many do at once: its endpoint."""
    folder = tmp_path_factory.mktemp("emulator")
    python = ROOT / ".rehearsal/cloud/bin/python"
    with asyncio.Runner() as runner:
        process = runner.run(EmulatorProcess.start(python, folder, folder / "log"))
        yield process.endpoint
        runner.run(process.end())


@pytest.fixture
def cloud(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table, a bucket and the secrets; the environment that the stack gives the functions."""
    # moto keeps no threads apart.
    monkeypatch.setattr(dynamodb_contacts, "AT_ONCE", 1)
    with environment(monkeypatch, twilio), mock_aws():
        create_table("dialout-test")
        boto3.client("s3").create_bucket(Bucket="recordings-test")
        for name in ("prepare-test", "timed-test", "campaign-test"):
            boto3.client("sqs").create_queue(QueueName=name)
        boto3.client("scheduler").create_schedule_group(Name="dialout-test")
        offer_seats(10)
        put_secrets(SECRETS)
        yield


@contextmanager
def environment(monkeypatch: pytest.MonkeyPatch, twilio: Twilio, **more: str) -> Iterator[None]:
    """The environment that the stack gives the functions, and nothing made in another one."""
    chosen = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DIALOUT_ENV": "test",
        "DIALOUT_TABLE": "dialout-test",
        "DIALOUT_RECORDINGS_BUCKET": "recordings-test",
        "DIALOUT_PREPARE_QUEUE_URL": f"{SQS}/prepare-test",
        "DIALOUT_TIMED_QUEUE_URL": f"{SQS}/timed-test",
        "DIALOUT_CAMPAIGN_QUEUE_URL": f"{SQS}/campaign-test",
        "DIALOUT_TIMED_QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:timed-test",
        "DIALOUT_SCHEDULE_GROUP": "dialout-test",
        "DIALOUT_SCHEDULE_ROLE_ARN": "arn:aws:iam::123456789012:role/schedules-test",
        "DIALOUT_SCHEDULE_DEAD_LETTERS_ARN": "arn:aws:sqs:us-east-1:123456789012:schedule-dead",
        "DIALOUT_CALLS_PER_SECOND": "1000",
        "DIALOUT_PUBLIC_API_URL": PUBLIC,
        "DIALOUT_PUBLIC_WS_URL": "wss://media.dialout.test/ws",
        "TWILIO_API_BASE_URL": twilio.url,
        # The tests run at any hour.
        "DIALOUT_CALLING_WINDOW": "00:00-24:00",
        **more,
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    caches = [
        settings, wiring.dynamodb, wiring.records, wiring.ledger, wiring.dial_queue,
        wiring.do_not_call, wiring.prepare_queue,
        wiring.secrets, wiring.recordings, wiring._telephony,
        wiring.schedules, wiring.timer, wiring.campaigns,
    ]  # fmt: skip
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def offer_seats(seats: int) -> None:
    """What a media task says of itself; once for a whole test, which beats no more however long a
    busy machine takes over it."""
    at = now() + timedelta(minutes=2)
    wiring.ledger().beat(Beat("the-task", seats=seats, live=0, draining=False, at=at))


def create_table(name: str, client: Any = None) -> None:
    """The table as infra/data.py has it."""
    (client or boto3.client("dynamodb")).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("pk", "sk", "day", "call_id")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_day",
                "KeySchema": [
                    {"AttributeName": "day", "KeyType": "HASH"},
                    {"AttributeName": "call_id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def put_secrets(secrets: dict[str, str]) -> None:
    ssm = boto3.client("ssm")
    for name, value in secrets.items():
        ssm.put_parameter(
            Name=f"/dialout/test/{name}", Value=value, Type="SecureString", Overwrite=True
        )
