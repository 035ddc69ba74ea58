"""The audio formats of both protocols, from and to the engines' 16 kHz."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from rehearsal import mulaw

ENGINE_RATE = 16_000


@dataclass(frozen=True)
class AudioFormat:
    """Mono audio on the wire: an ``encoding`` of `ENCODINGS` at ``sample_rate`` Hz."""

    encoding: str
    sample_rate: int

    def decoder(self) -> Callable[[bytes], NDArray[np.float32]]:
        """A stateful function: wire bytes → 16 kHz in -1...1. Holds back a split sample."""
        resampler = soxr.ResampleStream(self.sample_rate, ENGINE_RATE, 1, dtype="float32")
        held = bytearray()
        width = 2 if self.encoding == "linear16" else 1

        def decode(data: bytes) -> NDArray[np.float32]:
            held.extend(data)
            whole = bytes(held[: len(held) // width * width])
            del held[: len(whole)]
            samples = mulaw.decode(whole) if width == 1 else np.frombuffer(whole, dtype="<i2")
            scaled = samples.astype(np.float32) / np.float32(32768)
            if self.sample_rate == ENGINE_RATE:
                return scaled
            converted: NDArray[np.float32] = resampler.resample_chunk(scaled)
            return converted

        return decode

    def encode(self, audio: NDArray[np.float32]) -> bytes:
        """Wire bytes of 16 kHz audio in -1...1."""
        converted = soxr.resample(audio, ENGINE_RATE, self.sample_rate, quality="HQ")
        samples = (np.clip(converted, -1, 1) * 32767).astype(np.int16)
        return mulaw.encode(samples) if self.encoding == "mulaw" else samples.tobytes()

    @property
    def bytes_per_second(self) -> int:
        return self.sample_rate * (2 if self.encoding == "linear16" else 1)


ENCODINGS = ("linear16", "mulaw")
