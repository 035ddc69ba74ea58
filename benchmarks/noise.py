"""What the noise filter does to a telephone's sound: recognition, interruptions, processor time.

``python -m benchmarks.noise [--clips 12] [--json]``. The rehearsal's voices as phone audio (8 kHz,
mu-law), clean and in three noises at three levels, with and without RNNoise, through the product's
own filter and VAD. The listener is the one that is embedded in the rehearsal, Moonshine (tiny),
and not Deepgram's nova-3, which has heard many noisy telephones: the word errors compare the two
rows of a condition, and do not foretell a call.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import numpy as np
import soxr  # type: ignore[import-untyped]
import yaml
from pipecat.audio.vad.vad_analyzer import VADState

from benchmarks.clips import RATE, VOICES, Sound, clip, from_mulaw, to_mulaw
from benchmarks.load import Ticks, since
from benchmarks.stage import tell
from media_service.listening import models
from media_service.listening.noise_filter import NoiseFilter
from rehearsal.deepgram.recognizer import Moonshine

LEVELS_DB = 20, 10, 5
"""Speech over noise."""
LEAD_SECONDS = 1.0
"""Of noise alone before each clip: filter and VAD have then heard it."""
ALONE_SECONDS = 20.0
"""Of noise alone, in which every voice that the VAD tells is none of the callee's."""
FRAME = 160
NO_WORD = {"mm-hm"}
"""The embedded listener has none for it."""


def white(samples: int, rng: np.random.Generator) -> Sound:
    """A hiss."""
    return rng.standard_normal(samples)


def babble(samples: int, rng: np.random.Generator) -> Sound:
    """Six of the voices at once, each from anywhere."""
    names = [name for name in sorted(texts()) if name not in NO_WORD]
    several = np.zeros(samples)
    for _ in range(6):
        voice = np.concatenate([clip(str(name)) for name in rng.permutation(names)[:12]])
        several += np.resize(np.roll(voice, int(rng.integers(len(voice)))), samples)
    return several


def street(samples: int, rng: np.random.Generator) -> Sound:
    """Pink noise that comes and goes, as cars do: a swell every few seconds."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    at = np.arange(samples) / RATE
    swell = 1 + 0.8 * np.sin(2 * np.pi * 0.35 * at + rng.uniform(0, 6)) * np.sin(at)
    return np.fft.irfft(spectrum, samples) * swell


NOISES: dict[str, Callable[[int, np.random.Generator], Sound]] = {
    "white": white, "babble": babble, "street": street,
}  # fmt: skip


@dataclass
class Found:
    """One condition, one setting of the filter."""

    words: int = 0
    errors: int = 0
    onsets_ms: list[float] = field(default_factory=list)
    """From the first sound of a clip to the VAD's telling."""
    missed: int = 0
    early: int = 0
    """Clips at whose beginning the VAD had already taken the noise for a voice."""
    false_a_minute: float | None = None

    @property
    def summary(self) -> dict[str, float | None]:
        ordered = sorted(self.onsets_ms)
        p95 = quantiles(ordered, n=20)[-1] if len(ordered) > 1 else None
        return {
            "wer": round(self.errors / self.words, 3) if self.words else None,
            "onset_ms": round(median(ordered)) if ordered else None,
            "onset_p95_ms": round(min(p95, ordered[-1])) if p95 else None,
            "missed": self.missed, "early": self.early,
            "false_a_minute": self.false_a_minute,
        }  # fmt: skip


def texts() -> dict[str, str]:
    """The English clips and their words."""
    listed = yaml.safe_load((VOICES / "clips.yaml").read_text(encoding="utf-8"))
    return {name: entry["text"] for name, entry in listed.items() if "language" not in entry}


def words(text: str) -> list[str]:
    """Lower case, without punctuation."""
    return re.findall(r"[\w']+", text.lower())


def errors(wanted: list[str], found: list[str]) -> int:
    """Words to change, to add or to leave out."""
    row = list(range(len(found) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def over(noise: Sound, speech: Sound, level_db: float) -> Sound:
    """The noise, scaled to lie so far under the speech."""
    wanted = np.sqrt(np.mean(np.square(speech))) / 10 ** (level_db / 20)
    return np.asarray(noise * wanted / np.sqrt(np.mean(np.square(noise))))


async def filtered(sound: Sound, noise_filter: NoiseFilter | None) -> AsyncIterator[bytes]:
    """What a call makes of it, frame by frame as Twilio sends it: 16-bit PCM."""
    if noise_filter:
        await noise_filter.start(RATE)
    mulaw = to_mulaw(sound)
    for start in range(0, len(mulaw) - FRAME + 1, FRAME):
        pcm = from_mulaw(mulaw[start : start + FRAME]).astype(np.int16).tobytes()
        yield await noise_filter.filter(pcm) if noise_filter else pcm
    if noise_filter:
        await noise_filter.stop()


class Bench:
    """Everything that is loaded once."""

    def __init__(self) -> None:
        self._models = models.load()
        self._listener = Moonshine()

    async def voices(self, sound: Sound, *, on: bool) -> list[float]:
        """When the VAD tells a voice, in seconds of the sound."""
        vad = self._models.vad()
        vad.set_sample_rate(RATE)
        told, state, frame = [], VADState.QUIET, 0
        async for pcm in filtered(sound, NoiseFilter() if on else None):
            frame += 1
            if not pcm:
                continue
            new = await vad.analyze_audio(pcm)
            if new in (VADState.SPEAKING, VADState.QUIET) and new is not state:
                state = new
                if new is VADState.SPEAKING:
                    told.append(frame * FRAME / RATE)
        await vad.cleanup()  # type: ignore[no-untyped-call] # Pipecat's
        return told

    async def words(self, sound: Sound, *, on: bool) -> list[str]:
        """What the listener understands of it after the lead."""
        pcm = b"".join([each async for each in filtered(sound, NoiseFilter() if on else None)])
        heard = np.frombuffer(pcm, np.int16)[int((LEAD_SECONDS - 0.1) * RATE) :]
        wide = soxr.resample(heard.astype(np.float32) / np.float32(32768), RATE, 16_000)
        return words(await self._listener.transcribe(wide))

    async def condition(self, noise: str | None, level_db: float, names: list[str]) -> list[Found]:
        """Without the filter, and with it."""
        rng, found = np.random.default_rng(5), [Found(), Found()]
        for name in names:
            speech = np.concatenate(
                [np.zeros(int(LEAD_SECONDS * RATE)), clip(name), np.zeros(RATE // 2)]
            )
            if noise:
                speech = speech + over(NOISES[noise](len(speech), rng), clip(name), level_db)
            for on in (False, True):
                await self._clip(found[on], name, speech, on=on)
        if noise:
            alone = NOISES[noise](int(ALONE_SECONDS * RATE), rng)
            alone = over(alone, clip(names[0]), level_db)
            for on in (False, True):
                told = await self.voices(alone, on=on)
                found[on].false_a_minute = round(len(told) * 60 / ALONE_SECONDS, 1)
        return found

    async def _clip(self, found: Found, name: str, sound: Sound, *, on: bool) -> None:
        told = [at - LEAD_SECONDS for at in await self.voices(sound, on=on)]
        found.early += any(at < 0 for at in told)
        after = [at for at in told if at >= 0]
        if after:
            found.onsets_ms.append(after[0] * 1000)
        elif not told:
            found.missed += 1
        if name not in NO_WORD:
            wanted = words(texts()[name])
            found.words += len(wanted)
            found.errors += errors(wanted, await self.words(sound, on=on))

    async def cpu(self) -> dict[str, float]:
        """Milliseconds of processor per second of sound: the filter's and the VAD's."""
        seconds = 10
        sound = np.concatenate([clip("sarah-interrupts")] * 5)[: seconds * RATE]
        vad = self._models.vad()
        vad.set_sample_rate(RATE)
        before = time.process_time()
        plain = [pcm async for pcm in filtered(sound, None)]
        carried = time.process_time() - before
        before = time.process_time()
        clean = [pcm async for pcm in filtered(sound, NoiseFilter())]
        cleaned = time.process_time() - before - carried
        before = time.process_time()
        for pcm in plain:
            vad._run_analyzer(pcm)
        told = time.process_time() - before
        assert clean
        await vad.cleanup()  # type: ignore[no-untyped-call] # Pipecat's
        return {
            "filter_ms_a_second": round(cleaned / seconds * 1000, 1),
            "vad_ms_a_second": round(told / seconds * 1000, 1),
        }


async def measure(clips: int) -> dict[str, Any]:
    """All conditions, and what the filter costs."""
    # Alike in every condition, and of every speaker.
    names = sorted(texts())[:: max(1, len(texts()) // clips)][:clips]
    bench = Bench()
    found: dict[str, Any] = {"cpu": await bench.cpu(), "clips": len(names)}
    conditions: list[tuple[str | None, float]] = [(None, 0.0)]
    conditions += [(noise, level) for noise in NOISES for level in LEVELS_DB]
    for noise, level in conditions:
        name = f"{noise} {level:g} dB" if noise else "clean"
        without, with_filter = await bench.condition(noise, level, names)
        found[name] = {"none": without.summary, "rnnoise": with_filter.summary}
        _tell(name, found[name])
    return found


def _tell(name: str, row: dict[str, dict[str, float | None]]) -> None:
    for setting, figures in row.items():
        told = "   ".join(f"{key} {value}" for key, value in figures.items())
        tell(f"{name:14}{setting:9}{told}")


def main() -> int:
    """Print two rows a condition."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = Ticks.now()
    found = asyncio.run(measure(given.clips))
    found["machine"] = since(before)
    tell(found["machine"])
    tell("per second of sound: " + ", ".join(f"{k} {v}" for k, v in found["cpu"].items()))
    tell("the listener is Moonshine (tiny), not Deepgram: compare the two rows, not calls")
    if given.json:
        tell(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
