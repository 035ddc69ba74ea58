"""Time, ears and a mouth that do as they are told."""

import asyncio

import numpy as np

from rehearsal.deepgram.handshake import SpeakRequest
from rehearsal.deepgram.segmenter import RATE, Audio


class FakeClock:
    """Stands still until it is advanced."""

    def __init__(self) -> None:
        self.time = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            waking = asyncio.get_running_loop().create_future()
            self._sleepers.append((self.time + seconds, waking))
            await waking

    async def advance(self, seconds: float) -> None:
        until = self.time + seconds
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= until]:
            first = min(due, key=lambda sleeper: sleeper[0])
            self._sleepers.remove(first)
            self.time = first[0]
            if not first[1].done():
                first[1].set_result(None)
            await settle()
        self.time = until


async def settle() -> None:
    """Lets everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


class FakeRecognizer:
    """Hears a word a second of audio, rounded up, and remembers what it was asked."""

    def __init__(self) -> None:
        self.busy = False
        self.idle = True
        self.heard: list[float] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def transcribe(self, audio: Audio) -> str:
        self.heard.append(len(audio) / RATE)
        await self.gate.wait()
        return " ".join(["Word."] * int(np.ceil(len(audio) / RATE)))


class FakeVoice:
    """Speaks 0.1 s a letter, all at one level, and remembers what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def speak(self, text: str, request: SpeakRequest) -> Audio:
        self.said.append(text)
        await self.gate.wait()
        return np.full(len(text) * RATE // 10, 0.5, dtype=np.float32)


def tone(seconds: float, level: float = 0.1) -> Audio:
    """Something to hear."""
    times = np.arange(int(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 220 * times)).astype(np.float32)


def silence(seconds: float) -> Audio:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


def pcm(audio: Audio) -> bytes:
    return (audio * 32767).astype("<i2").tobytes()
