"""G.711 mu-law, the sound of the telephone: 8 kHz, one byte a sample, by table (ITU-T G.711).

The standard library's ``audioop`` did this until Python 3.13 took it away.
"""

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
"""Linear samples, int16, mono."""

RATE = 8000
"""Samples a second."""
FRAME_MS = 20
FRAME = RATE * FRAME_MS // 1000
"""Samples, and so bytes, of one 20 ms frame: 160."""
SILENCE = b"\xff"
"""The byte of linear zero."""
SILENT_FRAME = SILENCE * FRAME

_BIAS = 0x84
_CLIP = 32635


@cache
def _decoding() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent = (code >> 4) & 0x07
    magnitude = (((code & 0x0F) << 3) + _BIAS << exponent) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


@cache
def _encoding() -> NDArray[np.uint8]:
    linear = np.arange(-32768, 32768, dtype=np.int32)
    biased = np.minimum(np.abs(linear), _CLIP) + _BIAS
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    sign = np.where(linear < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


def decode(data: bytes) -> Samples:
    """Mu-law bytes to as many linear samples."""
    samples: Samples = _decoding()[np.frombuffer(data, dtype=np.uint8)]
    return samples


def encode(samples: Samples) -> bytes:
    """Linear samples to as many mu-law bytes."""
    codes: NDArray[np.uint8] = _encoding()[samples.astype(np.int32) + 32768]
    return codes.tobytes()


def loudness(data: bytes) -> float:
    """The root mean square of mu-law bytes on the int16 scale; 0.0 for silence or nothing."""
    if data.count(SILENCE) == len(data):
        return 0.0
    return float(np.sqrt(np.mean(np.square(decode(data).astype(np.float64)))))
