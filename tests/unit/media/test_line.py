"""The line, over a socket of our own."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.websockets import WebSocket, WebSocketState

from media_service.phone import line as line_module
from media_service.phone.line import CLEAR, Line

SID = "MZ1"
SOUND = b"\x01" * 160


class Socket:
    """An ASGI socket of which a test holds both ends."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.closed_with: int | None = None
        self.websocket = WebSocket({"type": "websocket"}, self.incoming.get, self._send)

    async def accepted(self) -> WebSocket:
        self.incoming.put_nowait({"type": "websocket.connect"})
        await self.websocket.accept()
        return self.websocket

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            self.sent.append(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            self.closed_with = message["code"]

    def says(self, text: str) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    def media(self, sid: str = SID, track: str = "inbound") -> None:
        payload = base64.b64encode(SOUND).decode()
        media = {"track": track, "payload": payload}
        self.says(json.dumps({"event": "media", "streamSid": sid, "media": media}))

    def mark(self, name: str, sid: str = SID) -> None:
        self.says(json.dumps({"event": "mark", "streamSid": sid, "mark": {"name": name}}))

    @property
    def events(self) -> list[str]:
        return [message["event"] for message in self.sent]


@pytest.fixture
def socket() -> Socket:
    return Socket()


@pytest.fixture
async def line(socket: Socket) -> AsyncIterator[Line]:
    line = Line(await socket.accepted(), SID)
    yield line
    await line.hang_up()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_sound_and_keys_come_in(line: Line, socket: Socket) -> None:
    socket.media()
    socket.says(json.dumps({"event": "dtmf", "streamSid": SID, "dtmf": {"digit": "5"}}))
    assert (await line.receive())["bytes"] == SOUND
    assert (await line.receive())["text"] == "5"


async def test_what_is_not_the_callees_is_counted_and_dropped(line: Line, socket: Socket) -> None:
    socket.media(sid="MZ2")
    socket.media(track="outbound")
    socket.says("nope")
    socket.says('{"event": "connected"}')
    socket.media()
    assert (await line.receive())["bytes"] == SOUND
    assert line.rejected == {
        "another stream": 1, "another track": 1, "not json": 1, "out of place": 1,
    }  # fmt: skip


async def test_a_mark_comes_back_once(line: Line, socket: Socket) -> None:
    heard: list[str] = []
    await line.mark(lambda: heard.append("one"))
    await line.mark(lambda: heard.append("two"))
    names = [message["mark"]["name"] for message in socket.sent]
    socket.mark(names[1], sid="MZ2")
    socket.mark("unknown")
    socket.mark(names[1])
    socket.mark(names[1])
    await settled()
    assert heard == ["two"]


async def test_what_was_cleared_is_never_heard(line: Line, socket: Socket) -> None:
    """Twilio echoes the pending marks at once."""
    heard: list[str] = []
    await line.say(SOUND * 100)
    await line.mark(lambda: heard.append("cut"))
    await line.clear()
    socket.mark(socket.sent[-2]["mark"]["name"])
    await settled()
    assert heard == []
    assert line.unplayed_seconds == 0
    assert socket.events == ["media", "mark", "clear"]


async def test_a_mark_that_does_not_come_back_is_overdue(
    line: Line, socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "OVERDUE_SECONDS", 0.02)
    heard = asyncio.Event()
    await line.say(bytes(400))
    await line.mark(heard.set)
    await asyncio.sleep(0.03)
    assert not heard.is_set()
    await asyncio.wait_for(heard.wait(), 1)
    socket.mark(socket.sent[-1]["mark"]["name"])
    await settled()


async def test_the_first_sound_is_told_once(line: Line) -> None:
    told: list[int] = []
    line.first_audio = lambda: told.append(1)
    await line.send_bytes(SOUND)
    await line.send_bytes(SOUND)
    assert told == [1]


async def test_what_is_still_to_be_heard(line: Line) -> None:
    await line.say(bytes(8000))
    await line.say(bytes(8000))
    assert 1.9 < line.unplayed_seconds <= 2


async def test_a_pipeline_cannot_close_the_line(line: Line, socket: Socket) -> None:
    await line.close()
    await line.send_text(CLEAR)
    assert socket.closed_with is None
    assert socket.events == ["clear"]


async def test_a_seized_line_hears_the_session_only(line: Line, socket: Socket) -> None:
    await line.seize()
    await line.send_bytes(SOUND)
    await line.send_text(CLEAR)
    await line.say(SOUND)
    assert socket.events == ["clear", "media"]
    assert line.client_state is WebSocketState.DISCONNECTED


@pytest.mark.parametrize("how", ["stop", "disconnect"])
async def test_the_other_side_goes(line: Line, socket: Socket, how: str) -> None:
    socket.says(json.dumps({"event": "stop", "streamSid": "MZ2", "stop": {}}))
    socket.media()
    assert "bytes" in await line.receive()
    if how == "stop":
        socket.says(json.dumps({"event": "stop", "streamSid": SID, "stop": {}}))
    else:
        socket.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
    assert (await line.receive())["type"] == "websocket.disconnect"
    assert line.gone.is_set()
    await line.say(SOUND)
    assert socket.sent == []


async def test_sound_that_nobody_takes_is_dropped(
    line: Line, socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "UNREAD_FRAMES", 3)
    for _ in range(5):
        socket.media()
    await settled()
    assert line.rejected == {"overrun": 2}


async def test_hanging_up_closes_the_socket_and_stops_reading(socket: Socket) -> None:
    before = asyncio.all_tasks()
    line = Line(await socket.accepted(), SID)
    await line.hang_up(1012)
    assert socket.closed_with == 1012
    assert asyncio.all_tasks() == before


async def test_a_pipelines_sound_waits_for_its_time_and_is_not_sent_once_it_is_cleared(
    line: Line, socket: Socket
) -> None:
    await line.send_bytes(b"\x01" * 8_000)
    assert socket.events == ["media"]
    early = asyncio.create_task(line.send_bytes(b"\x02" * 160))
    await settled()
    assert socket.events == ["media"]
    await line.clear()
    async with asyncio.timeout(5):
        await early
    assert socket.events == ["media", "clear"]


async def test_the_session_speaks_without_waiting(line: Line, socket: Socket) -> None:
    await line.say(b"\x01" * 80_000)
    await line.say(b"\x01" * 160)
    assert socket.events == ["media", "media"]


def sound(socket: Socket) -> bytes:
    return b"".join(
        base64.b64decode(message["media"]["payload"])
        for message in socket.sent
        if message["event"] == "media"
    )


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list of one."""
    at = [100.0]
    monkeypatch.setattr(line_module.time, "monotonic", lambda: at[0])
    return at


async def test_a_pause_keeps_what_was_not_heard(
    line: Line, socket: Socket, at: list[float]
) -> None:
    heard: list[str] = []
    await line.say(b"\x01" * 4000)
    await line.mark(lambda: heard.append("one"))
    await line.say(b"\x02" * 4000)
    await line.mark(lambda: heard.append("two"))
    at[0] += 0.25
    await line.hold()
    for name in ("m1", "m2"):  # Twilio echoes them with the clear.
        socket.mark(name)
    await settled()
    assert (heard, socket.events[4:], line.held) == ([], ["clear"], True)
    assert line.unplayed_seconds == pytest.approx(0.75)
    socket.sent.clear()
    at[0] += 5
    await line.go_on()
    assert socket.events == ["media", "mark", "media", "mark"]
    assert sound(socket) == b"\x01" * 2000 + b"\x02" * 4000
    assert line.unplayed_seconds == pytest.approx(0.75)
    for message in list(socket.sent):
        if message["event"] == "mark":
            socket.mark(message["mark"]["name"])
    await settled()
    assert heard == ["one", "two"]
    assert not line.held


async def test_what_comes_in_a_pause_comes_after_it(line: Line, socket: Socket) -> None:
    await line.say(b"\x01" * 800)
    await line.hold()
    await line.hold()
    socket.sent.clear()
    await line.mark(lambda: None)
    await line.say(b"\x02" * 800)
    waiting = asyncio.create_task(line.send_bytes(b"\x03" * 160))
    await settled()
    assert socket.sent == []
    await line.go_on()
    async with asyncio.timeout(5):
        await waiting
    assert socket.events == ["media", "mark", "media", "media"]
    assert sound(socket)[-1:] == b"\x03"


async def test_a_pause_ends_with_a_clear(line: Line, socket: Socket) -> None:
    await line.say(SOUND * 100)
    await line.hold()
    waiting = asyncio.create_task(line.send_bytes(SOUND))
    await settled()
    await line.send_text(CLEAR)
    async with asyncio.timeout(5):
        await waiting
    await line.go_on()
    assert not line.held
    assert line.unplayed_seconds == 0
    assert socket.events == ["media", "clear", "clear"]
    await line.send_bytes(SOUND)
    assert socket.events[-1] == "media"


async def test_a_forgotten_pause_ends_by_itself(
    line: Line, socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "HELD_SECONDS", 0.02)
    await line.say(SOUND * 100)
    await line.hold()
    async with asyncio.timeout(5):
        while line.held:
            await asyncio.sleep(0.01)
    await settled()
    assert socket.events == ["media", "clear", "media"]


async def test_whoever_speaks_for_the_session_is_not_held(line: Line, socket: Socket) -> None:
    await line.say(SOUND * 100)
    await line.hold()
    await line.seize()
    await line.hold()
    await line.say(SOUND)
    assert socket.events == ["media", "clear", "clear", "media"]
