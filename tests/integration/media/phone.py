"""Twilio's side of a Media Stream: plays clips in real time, hears, echoes marks when heard."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import soxr
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

VOICES = Path(__file__).parents[3] / "rehearsal" / "voices"
SILENCE = b"\xff" * 160
FRAME_SECONDS = 0.02


def mulaw(pcm: np.ndarray) -> bytes:
    """16-bit samples as G.711 mu-law."""
    x = np.clip(pcm.astype(np.int32), -32635, 32635)
    sign = np.where(x < 0, 0x80, 0)
    x = np.abs(x) + 132
    exponent = np.floor(np.log2(x)).astype(np.int32) - 7
    mantissa = (x >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()


def clip(name: str) -> bytes:
    """A voice's clip as Twilio sends it."""
    import wave

    with wave.open(str(VOICES / f"{name}.wav")) as wav:
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)
        rate = wav.getframerate()
    return mulaw(soxr.resample(pcm.astype(np.float32), rate, 8000).astype(np.int16))


@dataclass
class Phone:
    """One callee on one stream. Times are seconds since `start` was sent."""

    socket: ClientConnection
    stream_sid: str = "MZ1"
    started: float = 0.0
    first_sound_at: float | None = None
    last_sound_at: float = 0.0
    """When the last sound that is not silence was heard."""
    sound: bytearray = field(default_factory=bytearray)
    """All that was heard."""
    clears: list[float] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)
    """As echoed."""
    closed_with: int | None = None
    _to_say: bytearray = field(default_factory=bytearray)
    _to_hear: list[bytes | str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    on_mark: Callable[[str], None] = lambda _: None

    async def start(self, call_sid: str, **parameters: str) -> None:
        await self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await self.send(
            {
                "event": "start",
                "sequenceNumber": "1",
                "streamSid": self.stream_sid,
                "start": {
                    "accountSid": "AC1",
                    "streamSid": self.stream_sid,
                    "callSid": call_sid,
                    "tracks": ["inbound"],
                    "mediaFormat": {
                        "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1,
                    },
                    "customParameters": parameters,
                },
            }
        )  # fmt: skip
        self.started = time.monotonic()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._read())]

    async def send(self, message: dict[str, Any] | str | bytes) -> None:
        text = json.dumps(message) if isinstance(message, dict) else message
        await self.socket.send(text)

    @property
    def now(self) -> float:
        return time.monotonic() - self.started

    def say(self, name: str) -> float:
        """Begin to play a clip; its length in seconds."""
        self._to_say.extend(clip(name))
        return len(self._to_say) / 8000

    def play(self, sound: bytes) -> None:
        """Play any other sound (mu-law)."""
        self._to_say.extend(sound)

    async def press(self, key: str) -> None:
        """Press a key."""
        await self.send({"event": "dtmf", "streamSid": self.stream_sid, "dtmf": {"digit": key}})

    @property
    def ending(self) -> bool:
        """Whether all of what is said now has come, and is not yet heard: its mark has come."""
        return any(isinstance(each, str) for each in self._to_hear)

    @property
    def _ended(self) -> float:
        """When an utterance was last heard to its end, or cut off; a gap in one is neither."""
        return max([at for at, _ in self.marks[-1:]] + self.clears[-1:], default=0.0)

    def delay(self, seconds: float) -> None:
        """Play what is to be heard so much later, as a long buffer would."""
        self._to_hear.insert(0, b"\xff" * int(seconds * 8000))

    async def until(self, true: Callable[[], bool], seconds: float = 20) -> None:
        """Wait for something."""
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.01)

    async def quiet(
        self, seconds: float = 0.6, within: float = 30, *, to_the_end: bool = True
    ) -> None:
        """Wait until the agent has spoken (since now), to its end, and been quiet.

        The tones of keys have no end that would be told: ``to_the_end`` False.
        """
        since = self.now
        await self.until(
            lambda: (
                self.last_sound_at > since
                and self.now - self.last_sound_at > seconds
                and (self._ended >= self.last_sound_at or not to_the_end)
            ),
            within,
        )

    async def closed(self, seconds: float = 20) -> None:
        await self.until(lambda: self.closed_with is not None, seconds)

    async def hang_up(self) -> None:
        """As Twilio does: `stop`, and the socket closes."""
        await self.send({"event": "stop", "streamSid": self.stream_sid, "stop": {"callSid": "CA1"}})
        await self.socket.close()

    async def _run(self) -> None:
        due = time.monotonic()
        try:
            while True:
                frame = bytes(self._to_say[:160]).ljust(160, b"\xff")
                del self._to_say[:160]
                await self.send(
                    {
                        "event": "media",
                        "streamSid": self.stream_sid,
                        "media": {"track": "inbound", "payload": base64.b64encode(frame).decode()},
                    }
                )
                await self._play()
                due += FRAME_SECONDS
                await asyncio.sleep(max(0, due - time.monotonic()))
        except ConnectionClosed:
            return

    async def _play(self) -> None:
        left = 160
        while self._to_hear and left:
            item = self._to_hear.pop(0)
            if isinstance(item, str):
                self.marks.append((self.now, item))
                await self._echo(item)
                continue
            self.sound.extend(item[:left])
            if any(byte not in (0xFF, 0x7F) for byte in item[:left]):
                self.last_sound_at = self.now
                self.first_sound_at = self.first_sound_at or self.now
            if len(item) > left:
                self._to_hear.insert(0, item[left:])
            left -= min(left, len(item))
        while self._to_hear and isinstance(self._to_hear[0], str):
            item = self._to_hear.pop(0)
            assert isinstance(item, str)
            self.marks.append((self.now, item))
            await self._echo(item)

    async def _echo(self, name: str) -> None:
        self.on_mark(name)
        await self.send({"event": "mark", "streamSid": self.stream_sid, "mark": {"name": name}})

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                message = json.loads(text)
                assert message["streamSid"] == self.stream_sid
                if message["event"] == "media":
                    self._to_hear.append(base64.b64decode(message["media"]["payload"]))
                elif message["event"] == "mark":
                    self._to_hear.append(message["mark"]["name"])
                elif message["event"] == "clear":
                    self.clears.append(self.now)
                    names = [item for item in self._to_hear if isinstance(item, str)]
                    self._to_hear.clear()
                    for name in names:
                        await self._echo(name)
        except ConnectionClosed:
            pass
        self.closed_with = self.socket.close_code

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def dial(url: str, *, signed_url: str, token: str, signature: str | None = None) -> Phone:
    """A connected phone whose handshake is signed over ``signed_url``."""
    if signature is None:
        signature = RequestValidator(token).compute_signature(signed_url, {})
    headers = {"X-Twilio-Signature": signature} if signature else {}
    return Phone(await connect(url, additional_headers=headers, compression=None))
