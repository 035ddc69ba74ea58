"""A product for the telephone network to talk to, and a network for the product to call."""

import asyncio
import base64
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from aiohttp import WSMsgType, web
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from rehearsal.mulaw import encode
from rehearsal.twilio.account import Account
from rehearsal.twilio.exchange import Exchange
from rehearsal.twilio.scenarios import Scenarios
from rehearsal.twilio.server import serving
from rehearsal.twilio.softphone import Softphone

ACCOUNT = Account()
FROM = "+15550000001"


def tone(seconds: float, rate: int = 8000, pitch: float = 440) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    return (9000 * np.sin(2 * np.pi * pitch * time)).astype(np.int16)


def write_clip(folder: Path, name: str, samples: np.ndarray, rate: int = 8000) -> None:
    with wave.open(str(folder / f"{name}.wav"), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.astype("<i2").tobytes())


@dataclass
class Hook:
    """A webhook that the product received."""

    path: str
    form: dict[str, str]
    signed: bool
    method: str
    headers: dict[str, str]


@dataclass
class Session:
    """A media stream, seen by the product."""

    socket: web.WebSocketResponse
    signed: bool
    sid: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def next(self, event: str) -> dict[str, Any]:
        """The next message of that kind; others are kept and passed over."""
        while True:
            message = await self.socket.receive()
            if message.type is not WSMsgType.TEXT:
                raise ConnectionError(f"the stream ended with {message.type.name}")
            body = message.json()
            self.messages.append(body)
            if body["event"] == "start":
                self.sid = body["streamSid"]
            if body["event"] == event:
                return body

    async def drain(self) -> None:
        """Read until the stream ends."""
        try:
            await self.next("never")
        except ConnectionError:
            return

    async def say(self, audio: bytes) -> None:
        payload = base64.b64encode(audio).decode()
        await self.send({"event": "media", "media": {"payload": payload}})

    async def mark(self, name: str) -> None:
        await self.send({"event": "mark", "mark": {"name": name}})

    async def send(self, body: dict[str, Any]) -> None:
        await self.socket.send_json({**body, "streamSid": self.sid})


class Product:
    """A tiny Dialout: one TwiML answer a fetch, one coroutine a stream."""

    def __init__(self) -> None:
        self.url = ""
        self.hooks: list[Hook] = []
        self.sessions: list[Session] = []
        self.twiml: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.on_stream: Callable[[Session], Awaitable[None]] = self._listen
        self._changed = asyncio.Event()

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws") + "/ws"

    async def _listen(self, session: Session) -> None:
        await session.drain()

    async def hook(self, path: str, count: int = 1, **fields: str) -> Hook:
        """The count-th webhook on that path with these fields; waits for it."""
        while True:
            found = [
                hook
                for hook in self.hooks
                if hook.path == path and fields.items() <= hook.form.items()
            ]
            if len(found) >= count:
                return found[count - 1]
            self._changed.clear()
            async with asyncio.timeout(10):
                await self._changed.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        validator = RequestValidator(ACCOUNT.token)
        signature = request.headers["X-Twilio-Signature"]
        url = self.url + request.path_qs
        if request.path.startswith("/ws"):
            signed = validator.validate(url.replace("http", "ws"), {}, signature)
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            session = Session(socket, signed)
            self.sessions.append(session)
            await self.on_stream(session)
            return socket
        form = {key: str(value) for key, value in (await request.post()).items()}
        signed = validator.validate(url, form, signature)
        fields = form or dict(request.query)
        self.hooks.append(Hook(request.path, fields, signed, request.method, dict(request.headers)))
        self._changed.set()
        text = self.twiml.get(request.path_qs, self.twiml.get(request.path, "<Response/>"))
        status = self.status.get(request.path, 200)
        return web.Response(text=text, content_type="text/xml", status=status)


@asynccontextmanager
async def serving_product() -> AsyncIterator[Product]:
    product = Product()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", product.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield product
    await runner.cleanup()


class Rehearsed:
    """A running network, and Twilio's own client set to it."""

    def __init__(self, exchange: Exchange, url: str, product: Product) -> None:
        self.exchange = exchange
        self.url = url
        self.product = product
        self.client = Client(ACCOUNT.sid, ACCOUNT.token)
        self.client.api.base_url = url

    async def do(self, work: Callable[[], Any]) -> Any:
        """Run a call of the blocking client beside the loop."""
        return await asyncio.to_thread(work)

    async def dial(self, to: str = "+15550100001", **more: Any) -> str:
        """Create a call; its SID."""
        options: dict[str, Any] = {
            "url": f"{self.product.url}/twiml",
            "status_callback": f"{self.product.url}/status",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        } | more
        call = await self.do(lambda: self.client.calls.create(to=to, from_=FROM, **options))
        return str(call.sid)

    def events(self, sid: str) -> list[dict[str, Any]]:
        return self.exchange.calls[sid].call.events.listed()

    def names(self, sid: str) -> list[str]:
        return [event["event"] for event in self.events(sid)]

    async def ended(self, sid: str) -> Hook:
        """The callback of the call's end."""
        while (call := self.exchange.calls[sid].call).live:
            await asyncio.sleep(0.01)
        return await self.product.hook("/status", CallSid=sid, CallStatus=call.status)


class Folder:
    """Scenarios and clips of a test."""

    def __init__(self, path: Path) -> None:
        self.scenarios = path / "scenarios"
        self.voices = path / "voices"
        self.recordings = path / "recordings"
        self.scenarios.mkdir()
        self.voices.mkdir()
        self.answering("+15550100001", name="default")

    def answering(
        self, number: str, *script: dict[str, Any], name: str = "", **callee: Any
    ) -> None:
        """Somebody at that number who plays this script."""
        part = {"rings_for": 0.05, "script": list(script)} | callee
        scenario = {
            "summary": "a test",
            "request": {"to_number": number},
            "callee": part,
            "goal": {"end_reason": "callee_hung_up"},
        }
        path = self.scenarios / f"{name or number[1:]}.yaml"
        path.write_text(yaml.safe_dump(scenario))

    def clip(self, name: str, seconds: float, pitch: float = 440) -> None:
        write_clip(self.voices, name, tone(seconds, pitch=pitch))


@asynccontextmanager
async def rehearsed(
    folder: Folder, product: Product, softphone: Softphone | None = None
) -> AsyncIterator[Rehearsed]:
    """A network of these scenarios; afterwards nothing of it may be left."""
    exchange = Exchange(
        ACCOUNT, Scenarios(folder.scenarios, "default"), folder.voices, folder.recordings, softphone
    )
    async with serving(exchange) as url:
        yield Rehearsed(exchange, url, product)
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if "/rehearsal/twilio/" in repr(task.get_coro())]
    assert not left, left


SPEECH = encode(tone(1.0, pitch=300))
"""A second of the agent's voice."""
