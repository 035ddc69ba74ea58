"""Text to speech by SVOX Pico, which is embedded in its package."""

import asyncio
import importlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from rehearsal.deepgram.handshake import SpeakRequest
from rehearsal.deepgram.segmenter import RATE, Audio

LANGUAGES = {"en": "en-US", "es": "es-ES", "de": "de-DE", "fr": "fr-FR", "it": "it-IT"}
BRITISH = frozenset({"athena", "draco", "helios", "pandora"})
LOW_VOICES = re.compile(
    "apollo|arcas|aries|atlas|draco|helios|hermes|hyperion|julius|jupiter|mars|neptune|odysseus|"
    "orion|orpheus|perseus|pluto|saturn|zeus"
)
"""Deepgram's male voices. Pico's are all female."""
LOW_PITCH = 0.7
VOLUME = 0.35
"""Brings Pico, which fills the whole scale, to a telephone's -20 dBFS."""
LEAD = RATE // 100
"""Samples of silence kept before the first sound."""
TAIL = RATE // 5
"""And after the last: the pause between two sentences. Pico itself pauses for 0.7 s."""


class Voice(Protocol):
    """Speaks a sentence."""

    async def speak(self, text: str, request: SpeakRequest) -> Audio:
        """16 kHz, mono, in -1...1. Empty: nothing in the text can be said."""


class Pico:
    """One thread of Pico; a sentence takes it 5 to 25 ms. Constructing it warms it."""

    def __init__(self) -> None:
        package: Any = importlib.import_module("py_nanotts")
        self._engine = package.NanoTTS()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pico")
        self._run("Ready.", "en-US", 1.0, 1.0)

    async def speak(self, text: str, request: SpeakRequest) -> Audio:
        british = request.language == "en" and request.name in BRITISH
        return await asyncio.get_running_loop().run_in_executor(
            self._thread,
            self._run,
            text,
            "en-GB" if british else LANGUAGES[request.language],
            request.speed,
            LOW_PITCH if LOW_VOICES.fullmatch(request.name) else 1.0,
        )

    def close(self) -> None:
        """Waits for what runs."""
        self._thread.shutdown(cancel_futures=True)

    def _run(self, text: str, voice: str, speed: float, pitch: float) -> Audio:
        # Pico reads mark-up, and drops the rest of the text after a bare "<".
        plain = re.sub(r"[<>]", " ", text).strip()
        if not any(letter.isalnum() for letter in plain):
            return np.zeros(0, dtype=np.float32)
        spoken = self._engine.speak(plain, voice=voice, speed=speed, pitch=pitch, volume=VOLUME)
        audio = np.frombuffer(spoken, dtype="<i2").astype(np.float32) / np.float32(32768)
        loud = np.flatnonzero(np.abs(audio) > 0.003)
        return audio[max(0, loud[0] - LEAD) : loud[-1] + TAIL] if len(loud) else audio
