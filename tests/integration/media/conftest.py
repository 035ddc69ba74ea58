"""The real media service under a real uvicorn, with the vendors' stand-ins behind it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from calls import stream_token
from calls.adapters.guarded_http import GuardedHttp
from calls.adapters.twilio_signature import is_twilios
from calls.agent import Agent, Idle
from calls.call import Call, Status, Turn, now
from calls.scheduling import Scheduler
from calls.settings import Settings
from media_service.listening import models
from media_service.process.app import create_app
from media_service.process.heartbeat import Heartbeat
from media_service.process.live_calls import LiveCalls
from media_service.process.server import Server
from media_service.signed_http import SignedHttp
from media_service.speaking.apology import apology
from media_service.vendors import Vendors
from media_service.world import World
from tests.fakes import (
    FakeCallRecords,
    FakeDoNotCall,
    FakeGreetings,
    FakeLedger,
    FakeSchedules,
    FakeSecrets,
    FakeTelephony,
    FakeTimer,
)
from tests.integration.media.phone import Phone, dial

SECRET = "stream-secret-of-the-test"
AUTH_TOKEN = "auth-token-of-the-test"
WEBHOOK_SECRET = "webhook-secret-of-the-test"
PUBLIC_WS = "wss://media.dialout.test/ws"
SCENARIOS = Path(__file__).parent / "scenarios"
CALL_SID = "CA00000000000000000000000000000001"

AGENT = Agent(
    name="brief",
    greeting="Hi {{customer_name}}, this is an AI, and this call is recorded.",
    prompt="You are talking to {{customer_name}}.",
    idle=Idle(after_seconds=1.5, tries=1, goodbye="I cannot hear you. Goodbye."),
)

APOLOGY = apology("en")[0][8_000:16_000], "I am sorry."
"""A second of the true one: these tests run in real time."""


class Stand:
    """A vendor's stand-in: a process, and its faults."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", module, "--port", "0", *arguments],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip().removeprefix("listening on ")
        assert "://" in self.url

    def fault(self, **faults: Any) -> None:
        at = self.url.replace("ws://", "http://") + "/_rehearsal/faults"
        httpx.put(at, json=faults).raise_for_status()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture(scope="session")
def _deepgram() -> Iterator[Stand]:
    stand = Stand("rehearsal.deepgram")
    yield stand
    stand.stop()


@pytest.fixture(scope="session")
def _llm() -> Iterator[Stand]:
    stand = Stand("rehearsal.llm", "--scenarios", str(SCENARIOS), "--default-scenario", "short")
    yield stand
    stand.stop()


@pytest.fixture
def deepgram(_deepgram: Stand) -> Iterator[Stand]:
    _deepgram.fault()
    yield _deepgram
    _deepgram.fault()


@pytest.fixture
def llm(_llm: Stand) -> Iterator[Stand]:
    _llm.fault()
    yield _llm
    _llm.fault()


class BlackHole:
    """A vendor that takes connections and never says a word."""

    connections = 0
    at = ""

    async def take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)

    def __init__(self) -> None:
        self.writers: list[asyncio.StreamWriter] = []


@pytest.fixture
async def hole() -> AsyncIterator[BlackHole]:
    hole = BlackHole()
    server = await asyncio.start_server(hole.take, "127.0.0.1", 0)
    hole.at = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield hole
    for writer in hole.writers:
        writer.close()
    server.close()


@pytest.fixture(scope="session")
def loaded() -> models.Models:
    return models.load()


class Telephony(FakeTelephony):
    """Hangs up as Twilio does: the stream ends."""

    hung_up_at: float = 0
    ends: Callable[[str], None] = staticmethod(lambda _: None)

    def hang_up(self, call_sid: str) -> None:
        super().hang_up(call_sid)
        self.hung_up_at = time.monotonic()
        self.ends(call_sid)

    def transfer(self, call_sid: str, to: str, caller_id: str) -> None:
        super().transfer(call_sid, to, caller_id)
        self.hung_up_at = time.monotonic()
        self.ends(call_sid)


class Web:
    """The user's own servers, and what they were asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(204)

    def client(self) -> GuardedHttp:
        return GuardedHttp(
            resolver=lambda host, port: ["93.184.215.14"],
            transport=httpx.MockTransport(self._serve),
        )

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


@dataclass
class Service:
    """What a test has of the running service."""

    url: str
    records: FakeCallRecords
    greetings: FakeGreetings
    telephony: Telephony
    live: LiveCalls
    server: Server
    world: World
    agent: Agent
    do_not_call: FakeDoNotCall
    web: Web
    ledger: FakeLedger
    phones: dict[str, Phone] = field(default_factory=dict)

    def call(self, call_id: str = "01CALL", call_sid: str = CALL_SID, **changes: Any) -> Call:
        call = Call(
            call_id=call_id, status=Status.IN_PROGRESS, to_number="+15550100001",
            from_number="+15550000001", agent="amelia", api_key="test", created_at=now(),
            variables={"customer_name": "Sarah", "product": "running shoes"},
            max_call_seconds=600, stream_until=now() + timedelta(minutes=10),
            call_sid=call_sid, answered_at=now(),
        )  # fmt: skip
        call = call.model_copy(update=changes)
        self.records.create(call)
        return call

    def token(self, call: Call, leg: int = 1) -> str:
        assert call.call_sid
        return stream_token.sign(SECRET, call.call_id, leg, call.call_sid, call.stream_until)

    async def dial(self, signature: str | None = None) -> Phone:
        return await dial(self.url, signed_url=PUBLIC_WS, token=AUTH_TOKEN, signature=signature)

    @asynccontextmanager
    async def answered(self, call: Call | None = None, leg: int = 1) -> AsyncIterator[Phone]:
        """A phone on a stream that has started; hung up by REST, it ends as Twilio's would."""
        call = call or self.call()
        assert call.call_sid
        async with await self.dial() as phone:
            phone.stream_sid = f"MZ{call.call_id}"
            self.phones[call.call_sid] = phone
            await phone.start(
                call.call_sid, call_id=call.call_id, leg=str(leg), token=self.token(call, leg)
            )
            yield phone

    def said(self, call_id: str = "01CALL") -> list[Turn]:
        return self.records.turns(call_id)

    async def over(self, seconds: float = 10) -> None:
        """Wait until no call is live."""
        assert await self.live.over(seconds)


@pytest.fixture
async def service(deepgram: Stand, llm: Stand, loaded: models.Models) -> AsyncIterator[Service]:
    async with serving(deepgram.url, f"{llm.url}/openai/v1", loaded) as running:
        yield running


@asynccontextmanager
async def serving(
    deepgram: str, groq: str, loaded: models.Models, beside: Service | None = None, **more: Any
) -> AsyncIterator[Service]:
    """A running service; with ``beside``, another task of the same fleet."""
    settings = Settings(
        public_ws_url=PUBLIC_WS, public_api_url="https://api.dialout.test",
        deepgram_base_url=deepgram, groq_base_url=groq, **more,
    )  # fmt: skip
    secrets = FakeSecrets(
        {
            "twilio/auth-token": AUTH_TOKEN, "stream-secret": SECRET,
            "deepgram/api-key": "key", "groq/api-key": "key", "webhook-secret": WEBHOOK_SECRET,
            "openai/api-key": "key", "anthropic/api-key": "key", "cartesia/api-key": "key",
        }
    )  # fmt: skip
    telephony, records, live = Telephony(), FakeCallRecords(), LiveCalls()
    greetings, do_not_call, web = FakeGreetings(), FakeDoNotCall(records), Web()
    scheduler = Scheduler(FakeSchedules(), FakeTimer(), settings)
    if beside:
        telephony, records, greetings = beside.telephony, beside.records, beside.greetings
        do_not_call, web, scheduler = beside.do_not_call, beside.web, beside.world.scheduler
    world = World(
        settings, records, telephony, Vendors(settings, secrets), loaded, greetings,
        do_not_call, SignedHttp(secrets, web.client()), scheduler,
        lambda _: running.agent, lambda _: APOLOGY,
    )  # fmt: skip
    app = create_app(world, secrets, is_twilios, live)
    ledger = FakeLedger(records)
    heartbeat = Heartbeat(ledger, live, seats=10)
    server = Server(app, live, heartbeat, "127.0.0.1", 0)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    running = Service(
        f"ws://127.0.0.1:{port}/ws", records, greetings, telephony, live, server, world, AGENT,
        do_not_call, web, ledger, beside.phones if beside else {},
    )  # fmt: skip
    loop = asyncio.get_running_loop()

    def ends(call_sid: str) -> None:
        phone = running.phones.get(call_sid)
        if phone:
            asyncio.run_coroutine_threadsafe(phone.hang_up(), loop)

    telephony.ends = ends  # type: ignore[method-assign]
    yield running
    server.should_exit = True
    await task
