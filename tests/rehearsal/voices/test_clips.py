"""Every clip is there, is what a phone line wants, and is understood at the other end."""

import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from rehearsal import mulaw, scenario
from rehearsal.deepgram.segmenter import Event, Segmenter
from tests.rehearsal.deepgram.serving import VOICES, clip, moonshine, over_the_phone


def words(text: str) -> list[str]:
    bare = re.findall(r"\w+", text.lower().replace("good-bye", "goodbye"))
    return " ".join(bare).replace("can not", "cannot").replace("okay", "ok").split()


CLIPS: dict[str, dict[str, Any]] = yaml.safe_load((VOICES / "clips.yaml").read_text("utf-8"))
APOLOGIES = {
    path.stem: (
        words(path.read_text("utf-8")),
        mulaw.decode(path.with_suffix(".ulaw").read_bytes()),
    )
    for path in (Path(__file__).parents[3] / "media_service/speaking/apologies").glob("*.txt")
}
NO_WORD = {"mm-hm"}
FOREIGN = {name for name, clip in CLIPS.items() if "language" in clip}
"""The embedded recognizer knows English alone."""


def errors(wanted: list[str], found: list[str]) -> int:
    """Words to change, to add or to leave out."""
    row = list(range(len(found) + 1))
    for i, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


async def heard(samples: NDArray[np.int16], rate: int) -> list[str]:
    """The words that come out of a phone line."""
    narrow = over_the_phone(samples, rate) / np.float32(32768)
    wide = np.repeat(narrow, 2).astype(np.float32)
    margin = np.zeros(1600, dtype=np.float32)
    return words(await moonshine().transcribe(np.concatenate([margin, wide, margin])))


def test_nothing_is_missing_and_nothing_is_left_over() -> None:
    assert {path.stem for path in VOICES.glob("*.wav")} == set(CLIPS)


def test_every_clip_of_every_scenario_exists() -> None:
    for name in scenario.names():
        said = {step.say for step in scenario.load(name).callee.script if step.say}
        assert said <= set(CLIPS), name


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_is_trimmed_and_as_loud_as_a_call(name: str) -> None:
    with wave.open(str(VOICES / f"{name}.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
    samples = clip(name) / 32768
    frames = np.square(samples[: len(samples) // 320 * 320].reshape(-1, 320)).mean(axis=1)
    speaking = frames[frames > 0.01 * frames.max()]
    assert 10 * np.log10(speaking.mean()) == pytest.approx(-20, abs=1)
    assert np.abs(samples).max() < 0.8
    loud = np.flatnonzero(np.abs(samples) > 0.05 * np.abs(samples).max())
    assert loud[0] / 16_000 < 0.15
    assert (len(samples) - loud[-1]) / 16_000 < 0.25


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_is_heard_as_speech(name: str) -> None:
    segmenter = Segmenter(None)
    audio = (clip(name) / 32768).astype(np.float32)
    assert [kind for kind, _ in segmenter.feed(audio)][:1] == [Event.STARTED]


@pytest.mark.parametrize("name", sorted(set(CLIPS) - NO_WORD - FOREIGN))
async def test_a_clip_is_understood(name: str) -> None:
    wanted = words(CLIPS[name]["text"])
    found = await heard(clip(name), 16_000)
    assert errors(wanted, found) / len(wanted) <= 0.1, " ".join(found)


@pytest.mark.parametrize("language", APOLOGIES)
def test_an_apology_is_speech_as_loud_as_a_call_and_soon_over(language: str) -> None:
    wanted, samples = APOLOGIES[language]
    seconds = len(samples) / 8000
    # People speak 1.5 to 3.5 words a second.
    assert 2 < seconds < 12
    assert 1.5 < len(wanted) / seconds < 3.5
    wide = np.repeat(samples / np.float32(32768), 2).astype(np.float32)
    assert [kind for kind, _ in Segmenter(None).feed(wide)][:1] == [Event.STARTED]
    frames = np.square(samples[: len(samples) // 160 * 160].reshape(-1, 160) / 32768).mean(axis=1)
    assert 10 * np.log10(frames[frames > 0.01 * frames.max()].mean()) == pytest.approx(-20, abs=1)


async def test_the_english_apology_is_understood() -> None:
    wanted, samples = APOLOGIES["en"]
    found = await heard(samples, 8000)
    assert errors(wanted, found) / len(wanted) <= 0.1, " ".join(found)
