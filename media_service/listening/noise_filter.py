"""RNNoise on the callee's sound, called straight in the library that ``pyrnnoise`` ships.

Pipecat's own filter passes the sound through when the library is missing, with no more than a line
in the log, and takes 0.9 s and PyAV to import. This loads the shared object by its path, at boot,
and stops the process there if it is missing. And its network, which alone is a twentieth of a core
a call, rests while the line is silent. (To rest in noise, while Silero hears no voice in it, costs
what the filter is for: in a hiss of 10 dB, 18 % of the words were wrong then instead of 2.)
"""

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]
from pipecat.audio.filters.base_audio_filter import BaseAudioFilter
from pipecat.frames.frames import FilterControlFrame, FilterEnableFrame

RNNOISE_RATE = 48_000
FRAME = 480
"""Samples of one RNNoise frame: 10 ms."""
QUIETEST_DBFS = -50.0
"""Below this nobody speaks into the telephone."""
_QUIETEST = 32768 * 10 ** (QUIETEST_DBFS / 20)
AWAKE_SECONDS = 0.5
"""Of silence, until it rests: words fade out."""

Sound = np.ndarray[tuple[int], np.dtype[np.float32]]


class NoiseFilterMissingError(Exception):
    """The noise filter's library is not installed."""


@cache
def library() -> ctypes.CDLL:
    """The RNNoise library of the installed ``pyrnnoise``.

    Raises:
        NoiseFilterMissingError: it is not there, or not for this machine.
    """
    package = find_spec("pyrnnoise")
    if package is None or package.origin is None:
        raise NoiseFilterMissingError("the package pyrnnoise is not installed")
    name = (
        "librnnoise.dylib"
        if (Path(package.origin).parent / "librnnoise.dylib").exists()
        else "librnnoise.so"
    )
    try:
        rnnoise = ctypes.CDLL(str(Path(package.origin).with_name(name)))
    except OSError as error:
        raise NoiseFilterMissingError(f"{name} of pyrnnoise cannot be loaded") from error
    rnnoise.rnnoise_create.restype = ctypes.c_void_p
    rnnoise.rnnoise_create.argtypes = [ctypes.c_void_p]
    rnnoise.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    rnnoise.rnnoise_process_frame.restype = ctypes.c_float
    rnnoise.rnnoise_process_frame.argtypes = [ctypes.c_void_p] * 3
    if rnnoise.rnnoise_get_frame_size() != FRAME:
        raise NoiseFilterMissingError("this RNNoise has another frame size")
    return rnnoise


class NoiseFilter(BaseAudioFilter):
    """One call's filter: 16-bit mono PCM in, the same with less noise out, a little later."""

    def __init__(self) -> None:
        self._state: int | None = None
        self._enabled = True
        self._rest: Sound = np.zeros(0, np.float32)
        self._silent = 0.0
        """Seconds for which the line has been."""

    async def start(self, sample_rate: int) -> None:
        """Make ready for sound of that rate, in Hz."""
        self._state = library().rnnoise_create(None)
        self._up = soxr.ResampleStream(sample_rate, RNNOISE_RATE, 1, dtype="float32", quality="QQ")
        self._down = soxr.ResampleStream(
            RNNOISE_RATE, sample_rate, 1, dtype="float32", quality="QQ"
        )
        self._rate = sample_rate

    async def stop(self) -> None:
        """Free the network's state. Twice does no harm."""
        if self._state is not None:
            library().rnnoise_destroy(self._state)
            self._state = None

    async def process_frame(self, frame: FilterControlFrame) -> None:
        """Switch it on or off."""
        if isinstance(frame, FilterEnableFrame):
            self._enabled = frame.enable

    async def filter(self, audio: bytes) -> bytes:
        """The sound with less noise; what does not fill a frame of 10 ms waits for the next."""
        if self._state is None or not self._enabled:
            return audio
        samples = np.frombuffer(audio, np.int16).astype(np.float32)
        silent = float(np.mean(np.square(samples))) < _QUIETEST**2
        self._silent = self._silent + len(samples) / self._rate if silent else 0.0
        if self._silent > AWAKE_SECONDS:
            return audio
        return self._clean(self._state, samples)

    def _clean(self, state: int, samples: Sound) -> bytes:
        # RNNoise wants floats in the range of 16-bit samples.
        samples = np.concatenate((self._rest, self._up.resample_chunk(samples)))
        whole = len(samples) // FRAME * FRAME
        clean, self._rest = np.ascontiguousarray(samples[:whole]), samples[whole:]
        for start in range(0, whole, FRAME):
            at = clean.ctypes.data + start * clean.itemsize
            library().rnnoise_process_frame(state, at, at)
        quiet: Sound = np.clip(np.rint(self._down.resample_chunk(clean)), -32768, 32767)
        return quiet.astype(np.int16).tobytes()
