"""What a benchmark of calls plays on: vendors of known speed, a local cloud, real processes.

The media service and the stock bot run as they do in production: as processes of their own, with
compiled bytecode.
"""

import asyncio
import importlib.util
import itertools
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from calls import stream_token
from calls.adapters.dynamodb import DynamoCallRecords
from calls.adapters.dynamodb_greetings import DynamoGreetings
from calls.adapters.prepare_queue import PrepareQueue
from calls.call import Call, Status, now
from calls.greeting import Greeting
from rehearsal.cloud.client import client
from rehearsal.cloud.emulator_process import EmulatorProcess
from rehearsal.cloud.environment import credentials
from rehearsal.process import Process

ROOT = Path(__file__).parent.parent
TABLE = "dialout-bench"
PUBLIC_WS, PUBLIC_API = "wss://media.dialout.test/ws", "https://api.test"
VARIABLES = {"customer_name": "Sarah", "product": "running shoes"}
AUTH_TOKEN, STREAM_SECRET = "auth-token", "stream-secret"
SECRETS = {
    "twilio/account-sid": "AC1", "twilio/auth-token": AUTH_TOKEN, "stream-secret": STREAM_SECRET,
    "webhook-secret": "webhook-secret", "deepgram/api-key": "key", "groq/api-key": "key",
}  # fmt: skip
_PREPARED_SECONDS = 20.0


def compiled() -> bool:
    """Whether the libraries' bytecode is compiled: without it, everything first takes longer."""
    found = importlib.util.find_spec("pipecat.frames.frames")
    assert found is not None
    assert found.origin is not None
    return Path(importlib.util.cache_from_source(found.origin)).exists()


@dataclass
class Stage:
    """A cloud and vendors, up."""

    folder: Path
    vendors: str
    """Host and port."""
    speech: str
    """Of Deepgram."""
    environment: dict[str, str]
    records: DynamoCallRecords
    greetings: DynamoGreetings
    queue: PrepareQueue
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self) -> Call:
        """Another call that was just answered; it rings, until ``answer``."""
        number, at = next(self._numbers), now()
        call = Call(
            call_id=f"01BENCH{number:019}", status=Status.RINGING, to_number="+15550100001",
            from_number="+15550000001", agent="amelia", api_key="bench", created_at=at,
            variables=VARIABLES,
            max_call_seconds=600, stream_until=at + timedelta(minutes=10),
            call_sid=f"CA{number:032}",
        )  # fmt: skip
        self.records.create(call)
        return call

    def stream(self, call: Call, leg: int = 1) -> dict[str, Any]:
        """What ``caller.calling`` needs beside the address."""
        assert call.call_sid
        token = stream_token.sign(
            STREAM_SECRET, call.call_id, leg, call.call_sid, call.stream_until
        )
        return {
            "call_sid": call.call_sid,
            "parameters": {"call_id": call.call_id, "leg": str(leg), "token": token},
            "signed_url": PUBLIC_WS,
            "token": AUTH_TOKEN,
        }

    async def prepared(self, call: Call) -> Greeting:
        """The call's greeting, as a media task that runs now prepares it."""
        async with asyncio.timeout(_PREPARED_SECONDS):
            while True:
                # The last look of a process that has ended may have taken it along.
                await asyncio.to_thread(self.queue.put, call.call_id)
                for _ in range(100):
                    greeting = await asyncio.to_thread(self.greetings.get, call.call_id)
                    if greeting and greeting.mulaw:
                        return greeting
                    await asyncio.sleep(0.05)

    @asynccontextmanager
    async def media(self) -> AsyncIterator[str]:
        """A media service's process; the address of its socket."""
        async with self.media_process() as (_, url):
            yield url

    @asynccontextmanager
    async def media_process(
        self,
        name: str = "media",
        *,
        core: int | None = None,
        noise_filter: bool = False,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncIterator[tuple[Process, str]]:
        """A media service's process, for whoever looks at it too; and the address of its socket.

        Args:
            name: its log's.
            core: the only one that it may use.
            noise_filter: whether its agents have one.
            settings: environment variables on top of the stage's.
        """
        environment = {**self.environment, **_BYTECODE, **settings}
        if noise_filter:
            environment["PYTHONPATH"] = str(await asyncio.to_thread(_filtering, self.folder))
        with pinned(core):
            process, line = await Process.start(
                name, "media_service", "--port", "0",
                logs=self.folder, ready="(.*the media service listens.*)",
                environment=environment,
            )  # fmt: skip
        try:
            yield process, f"ws://127.0.0.1:{json.loads(line)['port']}/ws"
        finally:
            await process.stop()

    @asynccontextmanager
    async def stock_bot(self) -> AsyncIterator[str]:
        """A stock bot's process; the address of its socket."""
        async with self.stock_bot_process() as (_, url):
            yield url

    @asynccontextmanager
    async def stock_bot_process(
        self, *, core: int | None = None
    ) -> AsyncIterator[tuple[Process, str]]:
        """A stock bot's process, and the address of its socket."""
        with pinned(core):
            process, at = await Process.start(
                "stock-bot", "benchmarks.stock_bot", "--vendors", self.vendors,
                "--speech", self.speech,
                logs=self.folder, ready=re.escape("listening on ") + "(.*)",
                environment=_BYTECODE,
            )  # fmt: skip
        try:
            yield process, f"ws://{at.strip()}/ws"
        finally:
            await process.stop()


_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(ROOT)}


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """What is started inside may use that core alone; None: any."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _filtering(folder: Path) -> Path:
    """A place from which the product runs with the noise filter in all its agents."""
    place = folder / "filtering"
    if not place.exists():
        (place / "agents").mkdir(parents=True)
        for package in ("calls", "media_service"):
            (place / package).symlink_to(ROOT / package)
        for agent in (ROOT / "agents").glob("*.yaml"):
            text = agent.read_text(encoding="utf-8")
            lines = [line for line in text.splitlines() if not line.startswith("noise_filter:")]
            (place / "agents" / agent.name).write_text(
                "\n".join([*lines, "noise_filter: rnnoise", ""]), encoding="utf-8"
            )
    return place


@asynccontextmanager
async def stage(says: str | None = None, *, ears: bool = False) -> AsyncIterator[Stage]:
    """The stage, taken down at the end.

    Args:
        says: what the LLM always answers.
        ears: Deepgram is played by the rehearsal's stand-in, which does hear, in its own time.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        vendors, at = await Process.start(
            "vendors", "benchmarks.vendors", *(["--says", says] if says else []),
            logs=folder, ready=re.escape("listening on ") + "(.*)", environment=_BYTECODE,
        )  # fmt: skip
        stack.push_async_callback(vendors.stop)
        speech = at = at.strip()
        if ears:
            hearing, speech = await Process.start(
                "deepgram", "rehearsal.deepgram",
                logs=folder, ready=r"listening on ws://(\S+)", environment=_BYTECODE,
            )  # fmt: skip
            stack.push_async_callback(hearing.stop)
        cloud = await EmulatorProcess.start(
            ROOT / ".rehearsal/cloud/bin/python", folder, folder / "cloud.log"
        )
        stack.push_async_callback(cloud.end)
        queue = await asyncio.to_thread(_furnish, cloud.endpoint)
        os.environ.update(credentials(cloud.endpoint))
        dynamodb = client("dynamodb", cloud.endpoint)
        yield Stage(
            folder=folder,
            vendors=at,
            speech=speech,
            environment={
                **credentials(cloud.endpoint),
                "DIALOUT_ENV": "bench", "DIALOUT_TABLE": TABLE, "DIALOUT_PREPARE_QUEUE_URL": queue,
                "DIALOUT_PUBLIC_WS_URL": PUBLIC_WS, "DIALOUT_PUBLIC_API_URL": PUBLIC_API,
                "DIALOUT_SEATS_PER_TASK": "10",
                # Nothing answers there: recordings are not started, and nothing is hung up.
                "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
                "DEEPGRAM_BASE_URL": f"ws://{speech}",
                "GROQ_BASE_URL": f"http://{at}/openai/v1",
            },
            records=DynamoCallRecords(TABLE, dynamodb),
            greetings=DynamoGreetings(TABLE, dynamodb),
            queue=PrepareQueue(queue, client("sqs", cloud.endpoint)),
        )  # fmt: skip


def _furnish(endpoint: str) -> str:
    """Make the table, the queue and the secrets; the queue's URL."""
    key = ("pk", "HASH"), ("sk", "RANGE")
    client("dynamodb", endpoint).create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in key],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key],
    )
    for name, value in SECRETS.items():
        client("ssm", endpoint).put_parameter(
            Name=f"/dialout/bench/{name}", Value=value, Type="SecureString"
        )
    made = client("sqs", endpoint).create_queue(QueueName="prepare-bench")
    return str(made["QueueUrl"])


def tell(line: str) -> None:
    """A line of a benchmark's output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
