"""Recorded words: WAV files, brought to the telephone's 8 kHz mu-law."""

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from rehearsal.mulaw import FRAME, FRAME_MS, RATE, Samples, encode, loudness

from .hearing import THRESHOLD


@dataclass(frozen=True)
class Clip:
    """Something that can be said into the telephone."""

    name: str
    audio: bytes
    """Mu-law, 8 kHz."""

    @property
    def seconds(self) -> float:
        """How long the file plays."""
        return len(self.audio) / RATE

    @property
    def speech_seconds(self) -> float:
        """Where its last loud frame ends: many clips close with silence."""
        for start in range((len(self.audio) - 1) // FRAME * FRAME, -1, -FRAME):
            if loudness(self.audio[start : start + FRAME]) >= THRESHOLD:
                return min((start // FRAME + 1) * FRAME_MS / 1000, self.seconds)
        return 0.0


def resample(samples: Samples, rate: int) -> Samples:
    """Linear samples of any rate, at 8 kHz."""
    if rate == RATE or not len(samples):
        return samples
    import soxr  # type: ignore[import-untyped]  # here, because it is slow to load and clips at 8 kHz do not need it

    return np.asarray(soxr.resample(samples, rate, RATE), dtype=np.int16)


def from_wav(name: str, source: str | BinaryIO) -> Clip:
    """Read a WAV of 16-bit samples; several channels are mixed to one.

    Raises:
        ValueError: not 16-bit.
        wave.Error: not a WAV file.
        OSError: cannot be read.
    """
    with wave.open(source, "rb") as reader:
        if reader.getsampwidth() != 2:
            raise ValueError(f"clip {name!r}: {reader.getsampwidth() * 8}-bit; 16-bit is needed")
        samples = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
        channels, rate = reader.getnchannels(), reader.getframerate()
    mono = samples.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return Clip(name, encode(resample(mono, rate)))


def from_pcm(name: str, pcm: bytes, rate: int) -> Clip:
    """16-bit little-endian mono samples of that rate."""
    return Clip(name, encode(resample(np.frombuffer(pcm, dtype="<i2"), rate)))


def load(folder: Path, name: str) -> Clip:
    """The clip ``<folder>/<name>.wav``.

    Raises:
        OSError, ValueError, wave.Error: as `from_wav`.
    """
    return from_wav(name, str(folder / f"{name}.wav"))


def beep() -> Clip:
    """The tone after which a message is left: 1 kHz, 0.4 s."""
    time = np.arange(int(0.4 * RATE)) / RATE
    return Clip("beep", encode((8000 * np.sin(2 * np.pi * 1000 * time)).astype(np.int16)))
