"""Speech to text by Moonshine (tiny, English), which is embedded in its package."""

import asyncio
import importlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rehearsal.deepgram.segmenter import RATE, Audio


class Recognizer(Protocol):
    """Turns a segment of speech into its words."""

    @property
    def busy(self) -> bool:
        """There is a queue: ask only for what is needed now."""

    @property
    def idle(self) -> bool:
        """There is time for what nobody waits for, like interim results."""

    async def transcribe(self, audio: Audio) -> str:
        """The words, with punctuation. Empty: none."""


class Moonshine:
    """One model with one thread: the model is not safe to share, and it uses every core anyway.

    Constructing it loads the model (about 0.6 s) and warms it.
    """

    def __init__(self) -> None:
        package: Any = importlib.import_module("moonshine_voice")
        # Its own cutting into lines is switched off: the segmenter has done that, and each line
        # would cost another run.
        self._model = package.Transcriber(
            str(Path(package.__file__).parent / "assets" / "tiny-en"),
            package.ModelArch.TINY,
            options={"vad_threshold": "0"},
        )
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="moonshine")
        self._waiting = 0
        self._rested_at = 0.0
        self._lock = threading.Lock()
        self._run(np.zeros(RATE, dtype=np.float32))

    @property
    def busy(self) -> bool:
        return self._waiting > 1

    @property
    def idle(self) -> bool:
        # Resting as long as it worked leaves half of its time to the results that are waited for,
        # and half of the processor to the product, however many streams there are.
        return not self._waiting and time.monotonic() >= self._rested_at

    async def transcribe(self, audio: Audio) -> str:
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            return await loop.run_in_executor(self._thread, self._run, audio)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Waits for what runs, and frees the model."""
        self._thread.shutdown(cancel_futures=True)
        with self._lock:
            self._model.close()

    def _run(self, audio: Audio) -> str:
        with self._lock:
            began = time.monotonic()
            lines = self._model.transcribe_without_streaming(audio.tolist(), RATE).lines
            self._rested_at = 2 * time.monotonic() - began
        words = " ".join(line.text for line in lines).split()
        return " ".join(word for word in words if any(letter.isalnum() for letter in word))
