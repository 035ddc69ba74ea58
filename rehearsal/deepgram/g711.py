"""G.711 mu-law, the telephone network's 8 bits a sample. Source: ITU-T G.711, table 2."""

import numpy as np
from numpy.typing import NDArray

_BIAS = 33 << 2
_CLIP = 32635


def _expand(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS) << ((code & 0x70) >> 4)
    return _BIAS - magnitude if code & 0x80 else magnitude - _BIAS


_DECODED = np.array([_expand(code) for code in range(256)], dtype=np.int16)


def _compress_all() -> NDArray[np.uint8]:
    samples = np.arange(-32768, 32768)
    biased = np.minimum(np.abs(samples), _CLIP) + _BIAS
    exponent = np.floor(np.log2(biased)).astype(int) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8)
    return codes


_ENCODED = _compress_all()


def decode(mulaw: bytes) -> NDArray[np.int16]:
    """16-bit samples of mu-law bytes, one each."""
    decoded: NDArray[np.int16] = _DECODED[np.frombuffer(mulaw, dtype=np.uint8)]
    return decoded


def encode(samples: NDArray[np.int16]) -> bytes:
    """Mu-law bytes of 16-bit samples, one each."""
    return _ENCODED[samples.astype(np.int32) + 32768].tobytes()
