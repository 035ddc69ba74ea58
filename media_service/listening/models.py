"""The models that listen: loaded once a process, shared by its calls.

The ONNX sessions keep no state between two runs, so any number of calls and threads may use one.
What does keep state (Silero's recurrent state, Smart Turn's audio) is each call's own.
"""

import copy
import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import numpy as np
from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState

from media_service.listening import noise_filter
from media_service.listening.noise_filter import QUIETEST_DBFS

UNFINISHED_SECONDS = 1.5
"""Of silence after what does not sound finished, until it is answered all the same.

Pipecat waits for 3 s, which on a telephone is a dead line. Whoever goes on later interrupts.
"""

START_SECONDS = 0.13
"""Of voice, until it counts (Pipecat: 0.2). A pause for what then was nothing is soon over."""
KNOWN_WINDOWS = 31
"""Of 32 ms of silence, after which the network need hear no more of it."""

_BLANK = np.zeros(8 * 16_000, np.float32)
"""Eight seconds at 16 kHz, which is what Smart Turn looks at."""


class _Silero(SileroVADAnalyzer):
    """A call's VAD on the shared ONNX session."""

    def __init__(self, loaded: SileroVADAnalyzer) -> None:
        VADAnalyzer.__init__(
            self,
            params=VADParams(start_secs=START_SECONDS, min_volume=(QUIETEST_DBFS + 110) / 100),
        )
        self._model = copy.copy(loaded._model)
        self._model.reset_states()  # type: ignore[no-untyped-call]
        self._windows_since_reset = 0
        self._low_confidence_windows = 0
        self._level = 0.0
        self._silent_windows = 0

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """See Pipecat, which goes to a thread and back for it fifty times a second: that takes
        longer than the 0.1 ms of the network, which looks at every 32 ms."""
        return self._run_analyzer(buffer)

    def voice_confidence(self, buffer: bytes) -> float:
        """See Pipecat; but after a second of silence the network is not asked about more of it.

        Nobody begins to speak in it whatever the network says, and it is a third of what a silent
        callee costs. Until then it listens, to know silence when somebody speaks again.
        """
        self._level = _volume(buffer)
        silent = self._vad_state is VADState.QUIET and self._level < self.params.min_volume
        self._silent_windows = self._silent_windows + 1 if silent else 0
        if self._silent_windows > KNOWN_WINDOWS:
            return 0.0
        return super().voice_confidence(buffer)

    def _get_smoothed_volume(self, _: bytes) -> float:
        # Pipecat's own takes the loudness of 400 ms and then smooths it: it tells a voice 120 ms
        # later. When one ends is left to the network, as with Pipecat's: words fade out.
        if self._vad_state in (VADState.SPEAKING, VADState.STOPPING):
            return 1.0
        return self._level


def _volume(pcm: bytes) -> float:
    """The level of 16-bit PCM on Pipecat's scale, where -110 to -10 dB are 0 to 1."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    power = float(np.dot(samples, samples)) / max(1, len(samples)) / 32768**2
    return (10 * math.log10(power + 1e-11) + 110) / 100


class _SmartTurn(LocalSmartTurnAnalyzerV3):
    """A call's turn analyzer on the shared ONNX session and its threads."""

    def __init__(self, loaded: LocalSmartTurnAnalyzerV3, threads: ThreadPoolExecutor) -> None:
        super(LocalSmartTurnAnalyzerV3, self).__init__(
            params=SmartTurnParams(stop_secs=UNFINISHED_SECONDS)
        )
        self._log_data = False
        self._session = loaded._session
        self._threads = threads

    @property
    def _model_executor(self) -> ThreadPoolExecutor:
        # Pipecat's is a thread a call. One run leaves 6.7 MB of stack behind, in each that it was
        # ever in, and glibc keeps the stacks of threads that have ended.
        return self._threads


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="smart-turn")


def _cores() -> int:
    """Those that this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Models:
    """What is loaded; :func:`load` makes it."""

    silero: SileroVADAnalyzer
    smart_turn: LocalSmartTurnAnalyzerV3
    threads: ThreadPoolExecutor = field(default_factory=_threads)
    """Smart Turn's: as many as can run at once."""

    def vad(self) -> SileroVADAnalyzer:
        """A VAD for one call."""
        return _Silero(self.silero)

    def turn_analyzer(self) -> LocalSmartTurnAnalyzerV3:
        """A turn analyzer for one call."""
        return _SmartTurn(self.smart_turn, self.threads)


def load() -> Models:
    """Load all models and run each once: no call pays for a first run. Blocks for about 0.2 s.

    Raises:
        NoiseFilterMissingError: RNNoise is not installed; calls would only seem filtered.
    """
    noise_filter.library()
    models = Models(SileroVADAnalyzer(), LocalSmartTurnAnalyzerV3())
    models.silero.set_sample_rate(8000)
    models.silero.voice_confidence(bytes(512))
    _run_in_each(models)
    return models


def _run_in_each(models: Models) -> None:
    # They start one by one, each with work of its own that waits for the others'.
    number = models.threads._max_workers
    all_there = Barrier(number)

    def run() -> None:
        all_there.wait()
        models.smart_turn._predict_endpoint(_BLANK)

    for each in [models.threads.submit(run) for _ in range(number)]:
        each.result()
