"""Twilio's side of one Media Stream, as far as it takes to measure: silence in, sound out."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

FRAME_SECONDS = 0.02
SILENCE = base64.b64encode(b"\xff" * 160).decode()


@dataclass
class Caller:
    """One stream that has started. Times are seconds since its `start` was sent."""

    socket: ClientConnection
    stream_sid: str
    started: float
    sounds: list[tuple[float, bytes]] = field(default_factory=list)
    """Each `media` as it came: when, and its mu-law."""
    clears: list[float] = field(default_factory=list)
    to_say: bytearray = field(default_factory=bytearray)
    """Mu-law that is sent in the place of silence, in real time."""
    said: list[float] = field(default_factory=list)
    """When the first frame went out of each stretch of ``to_say``."""
    late: float = 0.0
    """The worst lateness of a frame, in seconds: of ours, so of the machine."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def now(self) -> float:
        return time.monotonic() - self.started

    async def first_sound(self, seconds: float = 30) -> float:
        """When the first sound came.

        Raises:
            TimeoutError: none did.
        """
        async with asyncio.timeout(seconds):
            await self.heard.wait()
        return self.sounds[0][0]

    async def send(self, message: dict[str, Any]) -> None:
        await self.socket.send(json.dumps({**message, "streamSid": self.stream_sid}))

    async def talk(self) -> None:
        """What a phone does for as long as it is off the hook."""
        due = time.monotonic()
        saying = False
        while True:
            frame = bytes(self.to_say[:160])
            del self.to_say[:160]
            if frame and not saying:
                self.said.append(self.now)
            saying = bool(frame)
            self.late = max(self.late, time.monotonic() - due)
            payload = base64.b64encode(frame.ljust(160, b"\xff")).decode() if frame else SILENCE
            await self.send({"event": "media", "media": {"track": "inbound", "payload": payload}})
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def listen(self) -> None:
        """Keep what comes; marks are echoed at once."""
        async for text in self.socket:
            message = json.loads(text)
            if message["event"] == "media":
                self.sounds.append((self.now, base64.b64decode(message["media"]["payload"])))
                self.heard.set()
            elif message["event"] == "mark":
                await self.send({"event": "mark", "mark": message["mark"]})
            elif message["event"] == "clear":
                self.clears.append(self.now)


@asynccontextmanager
async def calling(
    url: str, *, call_sid: str, parameters: dict[str, str], signed_url: str = "", token: str = ""
) -> AsyncIterator[Caller]:
    """A stream to ``url`` that has just started; it is stopped as Twilio does.

    Args:
        url: of the socket.
        call_sid: in `start`.
        parameters: the TwiML's, in `start` too.
        signed_url: what the handshake is signed over; empty: it is not signed.
        token: to sign with.
    """
    headers = {}
    if signed_url:
        signature = RequestValidator(token).compute_signature(signed_url, {})
        headers["X-Twilio-Signature"] = signature
    async with connect(url, additional_headers=headers, compression=None) as socket:
        caller = Caller(socket, f"MZ{call_sid[2:]}", time.monotonic())
        await caller.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": "AC1", "callSid": call_sid, "streamSid": caller.stream_sid,
            "tracks": ["inbound"], "customParameters": parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }  # fmt: skip
        caller.started = time.monotonic()
        await caller.send({"event": "start", "sequenceNumber": "1", "start": start})
        tasks = [asyncio.create_task(caller.talk()), asyncio.create_task(caller.listen())]
        try:
            yield caller
        finally:
            with contextlib.suppress(ConnectionClosed):
                await caller.send({"event": "stop", "stop": {"callSid": call_sid}})
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
