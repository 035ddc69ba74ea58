"""Listening by heart: languages that the embedded engine does not understand.

Moonshine (tiny) hears English alone. In any other language this stand-in therefore only knows the
recorded clips of ``rehearsal/voices`` whose entry in ``clips.yaml`` names that language: it finds
which of them it hears, by its sound, and answers with the text that is written there. So listening
is scripted in these languages, and nothing else that is said in them is heard.
"""

import asyncio
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped]
import yaml
from numpy.typing import NDArray

from rehearsal.deepgram.recognizer import Recognizer
from rehearsal.deepgram.segmenter import FRAME, RATE, Audio

VOICES = Path(__file__).parent.parent / "voices"
ENGLISH = "en"
ALIKE = 0.7
"""Correlation of two sounds from which on they are the same words. The same clip over the phone has
0.9, any other clip 0.45 and less."""
SHORTEST = 20
"""Frames of 20 ms: with less than 0.4 s in common nothing is told apart."""
BANDS_HZ = np.geomspace(150, 3600, 13)

Features = NDArray[np.float64]
"""A row a frame: the loudness of each band, from which the mean is taken."""


@dataclass(frozen=True)
class Known:
    """A clip, and what is said in it."""

    text: str
    language: str
    features: Features

    def said(self, start: int, end: int) -> str:
        """The words between two of its frames, which are laid over its loud frames by letters."""
        loudness = self.features.sum(axis=1)
        voiced = np.cumsum(loudness > loudness.max() - 40)
        words = self.text.split()
        letters = np.cumsum([len(word) + 1 for word in words])
        middles = (letters - [len(word) / 2 for word in words]) / letters[-1] * voiced[-1]
        at = np.searchsorted(voiced, middles)
        return " ".join(word for word, frame in zip(words, at, strict=True) if start <= frame < end)


@cache
def clips(folder: Path = VOICES) -> tuple[Known, ...]:
    """Every clip that is not English."""
    return tuple(_read(folder))


def _read(folder: Path) -> Iterator[Known]:
    listed = yaml.safe_load((folder / "clips.yaml").read_text(encoding="utf-8"))
    for name, entry in listed.items():
        language = entry.get("language", ENGLISH)
        if language == ENGLISH:
            continue
        with wave.open(str(folder / f"{name}.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            rate = file.getframerate()
        audio = soxr.resample(samples.astype(np.float32) / np.float32(32768), rate, RATE)
        yield Known(entry["text"], language, features(audio))


def features(audio: Audio) -> Features:
    """What a sound is recognized by, in dB."""
    frames = audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)) ** 2
    hertz = np.fft.rfftfreq(FRAME, 1 / RATE)
    bands = [
        power[:, (hertz >= low) & (hertz < high)].sum(axis=1) for low, high in pairwise(BANDS_HZ)
    ]
    return np.asarray(10 * np.log10(np.stack(bands, axis=1) + 1e-4))


class ByHeart:
    """Hears the clips of one language; or of all, beside what another recognizer hears.

    Args:
        language: a code such as ``es`` or ``es-419``; None: every language.
        other: hears what is no clip.
    """

    def __init__(self, language: str | None, other: Recognizer | None = None) -> None:
        base = language.partition("-")[0] if language else None
        self._clips = [clip for clip in clips() if base in (None, clip.language)]
        self._other = other

    @property
    def busy(self) -> bool:
        """As the other."""
        return self._other is not None and self._other.busy

    @property
    def idle(self) -> bool:
        """As the other."""
        return self._other is None or self._other.idle

    async def transcribe(self, audio: Audio) -> str:
        """The clip's words; of a piece of it, those in the piece."""
        known = await asyncio.to_thread(self._known, audio)
        return known or (await self._other.transcribe(audio) if self._other else "")

    def _known(self, audio: Audio) -> str:
        heard = features(audio)
        found = [(*_alike(heard, clip.features), clip) for clip in self._clips]
        score, start, clip = max(found, key=lambda each: each[0], default=(0.0, 0, None))
        return clip.said(start, start + len(heard)) if clip and score >= ALIKE else ""


def language_of(text: str) -> str:
    """The language of a transcript: that of the clip with these words, or else English."""
    return next((clip.language for clip in clips() if text and text in clip.text), ENGLISH)


def _alike(heard: Features, clip: Features) -> tuple[float, int]:
    """How alike they are at best, and the clip's frame at which ``heard`` begins then."""
    best = (0.0, 0)
    for start in range(SHORTEST - len(heard), len(clip) - SHORTEST):
        a = heard[max(0, -start) : len(clip) - start]
        b = clip[max(0, start) : start + len(heard)]
        if len(a) < SHORTEST:
            continue
        # What is silent in both is alike in everything.
        loud = (a.max(axis=1) > a.max() - 45) | (b.max(axis=1) > b.max() - 45)
        if loud.sum() >= max(SHORTEST, len(heard) // 2):
            best = max(best, (_correlation(a[loud], b[loud]), start))
    return best


def _correlation(a: Features, b: Features) -> float:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else 0.0
