"""The recorded voices of the rehearsal, as a telephone carries them."""

import wave
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

VOICES = Path(__file__).parent.parent / "rehearsal" / "voices"
RATE = 8000
SILENCE_DBFS = -45.0
_CLIP, _BIAS = 32635, 132

Sound = NDArray[np.float64]
"""Mono, 8 kHz, in the range of 16-bit samples."""


def clip(name: str) -> Sound:
    """A clip from its first sound on."""
    with wave.open(str(VOICES / f"{name}.wav")) as wav:
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)
        rate = wav.getframerate()
    sound: Sound = soxr.resample(pcm.astype(np.float64), rate, RATE)
    return sound[onset(sound) :]


def onset(sound: Sound) -> int:
    """The first sample of the first 10 ms that are louder than SILENCE_DBFS."""
    windows = sound[: len(sound) // 80 * 80].reshape(-1, 80)
    levels = 10 * np.log10(np.mean(np.square(windows), axis=1) / 32768**2 + 1e-12)
    return int(np.argmax(levels > SILENCE_DBFS)) * 80


def to_mulaw(sound: Sound) -> bytes:
    """G.711 mu-law."""
    clipped = np.clip(np.rint(sound), -_CLIP, _CLIP).astype(np.int32)
    size = np.abs(clipped) + _BIAS
    exponent = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    sign = np.where(clipped < 0, 0x80, 0)
    coded: bytes = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()
    return coded


def from_mulaw(mulaw: bytes) -> Sound:
    """The inverse, with what the code loses."""
    code = ~np.frombuffer(mulaw, np.uint8)
    size = ((((code & 0x0F).astype(np.int32) << 3) + _BIAS) << ((code >> 4) & 0x07)) - _BIAS
    return np.where(code & 0x80, -size, size).astype(np.float64)
