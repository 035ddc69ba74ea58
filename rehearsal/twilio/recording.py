"""A recording of a call: two tracks of mu-law while it runs, a WAV file when it is done."""

import wave
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from rehearsal.mulaw import FRAME, RATE, Samples, decode, loudness

from .call_request import Address
from .hearing import THRESHOLD

Status = Literal["in-progress", "processing", "completed", "absent"]


class Track:
    """Both sides of a call, in step with each other. Mu-law, 8 kHz."""

    def __init__(self) -> None:
        self._callee = bytearray()
        self._agent = bytearray()

    def add(self, *, callee: bytes, agent: bytes) -> None:
        """Append one frame of each side; both have the same length."""
        self._callee += callee
        self._agent += agent

    @property
    def seconds(self) -> float:
        """How much has been recorded."""
        return len(self._callee) / RATE

    def trim(self) -> None:
        """Drop silence from both ends, as ``trim-silence`` does; all of it when nobody spoke."""
        loud = [
            start
            for start in range(0, len(self._callee), FRAME)
            if max(self._level(self._callee, start), self._level(self._agent, start)) >= THRESHOLD
        ]
        first, end = (loud[0], loud[-1] + FRAME) if loud else (0, 0)
        self._callee = self._callee[first:end]
        self._agent = self._agent[first:end]

    def samples(self, channels: int) -> Samples:
        """Interleaved linear samples: left the callee, right what the callee heard; or the mix."""
        callee, agent = decode(bytes(self._callee)), decode(bytes(self._agent))
        if channels == 2:
            return np.column_stack((callee, agent)).reshape(-1)
        mixed = callee.astype(np.int32) + agent
        both: Samples = np.clip(mixed, -32768, 32767).astype(np.int16)
        return both

    @staticmethod
    def _level(side: bytearray, start: int) -> float:
        return loudness(bytes(side[start : start + FRAME]))


@dataclass
class Recording:
    """One recording and where it stands."""

    sid: str
    call_sid: str
    channels: int
    source: str
    """``StartCallRecordingAPI``, ``StartCallRecordingTwiML`` or ``OutboundAPI``."""
    started: datetime
    callback: Address | None = None
    callback_events: frozenset[str] = frozenset({"completed"})
    trim: bool = False
    track: Track = field(default_factory=Track)
    status: Status = "in-progress"
    seconds: int = -1
    """Whole seconds, once done; -1 before, as Twilio says it."""


def write_wav(path: Path, samples: Samples, channels: int) -> None:
    """Write 16-bit samples at 8 kHz; the file appears whole or not at all."""
    unfinished = path.with_suffix(".part")
    try:
        with wave.open(str(unfinished), "wb") as writer:
            writer.setnchannels(channels)
            writer.setsampwidth(2)
            writer.setframerate(RATE)
            writer.writeframes(samples.astype("<i2").tobytes())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
