"""Before the first call of a process, one without anybody: whatever happens for the first time
(imports, compiled expressions, allocated memory) happens then, and not while a callee waits.

It speaks to nobody outside the process: its vendors are a socket that takes everything and says
nothing, and its record is kept nowhere.
"""

import asyncio
import base64
import contextlib
import dataclasses
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from starlette.websockets import WebSocket
from websockets.asyncio.server import ServerConnection, serve

from calls.agent import Agent
from calls.call import Call, Status, now
from calls.greeting import Greeting
from calls.ports import CallRecords, Telephony
from media_service.latency import Latencies
from media_service.phone.line import Line
from media_service.session import Session
from media_service.vendors import Vendors
from media_service.world import World

log = logging.getLogger(__name__)

SECONDS = 5.0
"""The longest that it takes: a process that cannot be warmed serves all the same."""
PIECES = 10
"""So many pieces of its greeting are sent before it is over: some of them by the pipeline."""
STREAM_SID = "MZ0"

_AGENT = Agent(name="nobody", greeting="Hello.", prompt="Say hello.", recording="never")
_GREETING = Greeting(text="Hello.", mulaw=b"\xff" * 16_000)
_MEDIA = {"track": "inbound", "payload": base64.b64encode(b"\xff" * 160).decode()}
_SILENCE = json.dumps({"event": "media", "streamSid": STREAM_SID, "media": _MEDIA})


class ColdError(Exception):
    """The service is not warm, and its first call will be slower than the others."""


class _Phone:
    """A WebSocket with half a second of silence on it, and then nothing until it is over."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._frames = 25
        self.pieces = 0

    async def receive(self) -> dict[str, Any]:
        if self._frames:
            self._frames -= 1
            return {"type": "websocket.receive", "text": _SILENCE}
        await self.over.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send_text(self, text: str) -> None:
        self.pieces += json.loads(text)["event"] == "media"
        if self.pieces >= PIECES:
            self.over.set()

    async def close(self, _: int = 1000) -> None:
        self.over.set()


class _Records:
    """Keeps one call, for as long as it lasts."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def get(self, _: str) -> Call:
        return self._call

    def update(self, _: str, change: Callable[[Call], Call], created: Call | None = None) -> Call:
        self._call = change(self._call)
        return self._call

    def append_turn(self, *_: object) -> None:
        return

    def turns(self, _: str) -> list[Any]:
        return []


class _Telephony:
    def hang_up(self, _: str) -> None:
        return


class _Secrets:
    def get(self, _: str) -> str:
        return "of-nobody"


async def warm_up(world: World) -> None:
    """Have that call. Whatever fails is logged, and nothing else."""
    try:
        # What a call says of itself would read like a true one's.
        logging.disable(logging.CRITICAL)
        async with asyncio.timeout(SECONDS), _vendors(world) as vendors:
            await _call(world, vendors)
    except Exception:
        logging.disable(logging.NOTSET)
        log.warning("the service could not be warmed up", exc_info=True)
    finally:
        logging.disable(logging.NOTSET)


@asynccontextmanager
async def _vendors(world: World) -> AsyncIterator[Vendors]:
    async with serve(_listen, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        vendors = Vendors(
            world.settings.model_copy(
                update={
                    "deepgram_base_url": f"ws://127.0.0.1:{port}",
                    "groq_base_url": f"http://127.0.0.1:{port}/v1",
                }
            ),
            _Secrets(),
        )
        try:
            yield vendors
        finally:
            await vendors.aclose()


async def _listen(socket: ServerConnection) -> None:
    async for _ in socket:
        pass


async def _call(world: World, vendors: Vendors) -> None:
    at = now()
    call = Call(
        call_id="warm-up", status=Status.IN_PROGRESS, to_number="", from_number="", agent="nobody",
        api_key="", created_at=at, max_call_seconds=60, stream_until=at + timedelta(minutes=1),
        call_sid="CA0", active_leg=1,
    )  # fmt: skip
    own = dataclasses.replace(
        world,
        records=cast("CallRecords", _Records(call)),
        telephony=cast("Telephony", _Telephony()),
        vendors=vendors,
        agent=lambda _: _AGENT,
        # Nobody waited for it.
        latencies=Latencies(),
    )
    stored: asyncio.Future[Greeting] = asyncio.get_running_loop().create_future()
    stored.set_result(_GREETING)
    phone = _Phone()
    line = Line(cast("WebSocket", phone), STREAM_SID)
    talking = asyncio.create_task(Session(own, line, call, 1, stored).run(), name="warm-up")
    try:
        await asyncio.wait({talking}, timeout=SECONDS / 2)
    finally:
        phone.over.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({talking})
    if phone.pieces < PIECES:
        raise ColdError("the call without anybody came to nothing")
