"""A Deepgram stand-in in this process, with the real engines."""

import functools
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]
from aiohttp import web
from numpy.typing import NDArray

from rehearsal import mulaw, voices
from rehearsal.deepgram.clock import Clock, WallClock
from rehearsal.deepgram.recognizer import Moonshine, Recognizer
from rehearsal.deepgram.server import Options, Server
from rehearsal.deepgram.voice import Pico, Voice
from tests.rehearsal.deepgram.sdk import AsyncDeepgramClient, DeepgramClientEnvironment

VOICES = Path(voices.__file__).parent


@functools.cache
def moonshine() -> Moonshine:
    """Loaded once for all tests of a process."""
    return Moonshine()


@functools.cache
def pico() -> Pico:
    return Pico()


@dataclass(frozen=True)
class Service:
    """A Deepgram, ours or theirs. ``host``: with port, without scheme."""

    host: str
    secure: bool = False

    @property
    def ws(self) -> str:
        return f"ws{'s' * self.secure}://{self.host}"

    @property
    def http(self) -> str:
        return f"http{'s' * self.secure}://{self.host}"

    def client(self, key: str = "rehearsal") -> AsyncDeepgramClient:
        environment = DeepgramClientEnvironment(
            base=self.http, production=self.ws, agent=self.ws, agent_rest=self.http
        )
        return AsyncDeepgramClient(api_key=key, environment=environment)


@asynccontextmanager
async def serving(
    recognizer: Recognizer | None = None,
    voice: Voice | None = None,
    options: Options | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Service]:
    server = Server(
        recognizer or moonshine(), voice or pico(), options or Options(), clock or WallClock()
    )
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Service(f"127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


def clip(name: str) -> NDArray[np.int16]:
    """A recorded voice, 16 kHz."""
    with wave.open(str(VOICES / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def over_the_phone(samples: NDArray[np.int16], rate: int = 16_000) -> NDArray[np.int16]:
    """8 kHz, as it comes out of mu-law."""
    narrow = soxr.resample(samples.astype(np.float32), rate, 8000).clip(-32767, 32767)
    return mulaw.decode(mulaw.encode(narrow.astype(np.int16)))


def packets(samples: NDArray[np.int16], seconds: float = 0.02, rate: int = 8000) -> Iterator[bytes]:
    """In the pieces that a phone line delivers."""
    size = int(rate * seconds)
    for start in range(0, len(samples), size):
        yield samples[start : start + size].astype("<i2").tobytes()
