"""Beeps are heard, and nothing else is taken for one; silence is counted."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media_service.answering.line_sound import LineSound
from tests.integration.media.phone import clip, mulaw

VOICES = Path(__file__).parents[3] / "rehearsal" / "voices"
Samples = NDArray[np.float64]


def tone(*hertz: float, seconds: float, size: float = 8000) -> Samples:
    time = np.arange(int(seconds * 8000)) / 8000
    return sum((size * np.sin(2 * np.pi * each * time) for each in hertz), np.zeros(len(time)))


def noise(seconds: float, size: float) -> Samples:
    return np.random.default_rng(7).normal(0, size, int(seconds * 8000))


def heard(*pieces: Samples, floor: float = 0) -> list[float]:
    """The beeps in it, with half a second of silence around it."""
    silent = np.zeros(4000)
    sound = np.concatenate([silent, *pieces, silent])
    return beeps(mulaw((sound + noise(len(sound) / 8000, floor)[: len(sound)]).astype(np.int16)))


def beeps(sound: bytes) -> list[float]:
    found: list[float] = []
    line = LineSound(found.append)
    for start in range(0, len(sound), 160):
        line.feed(sound[start : start + 160])
    return found


@pytest.mark.parametrize("hertz", [425, 440, 600, 850, 1000, 1100, 1400, 1850, 2000])
@pytest.mark.parametrize("seconds", [0.22, 0.4, 1.0, 2.2])
def test_a_beep_is_heard(hertz: float, seconds: float) -> None:
    (found,) = heard(tone(hertz, seconds=seconds))
    assert found == pytest.approx(seconds, abs=0.05)


@pytest.mark.parametrize("size", [800, 3000, 20000])
def test_loud_or_not_and_over_noise(size: float) -> None:
    assert len(heard(tone(1000, seconds=0.4, size=size), floor=size / 20)) == 1


@pytest.mark.parametrize(
    "sound",
    [
        tone(1000, seconds=0.12),
        tone(1000, seconds=4),
        tone(1000, seconds=0.4, size=100),
        tone(440, 480, seconds=2),  # ringing, in America
        tone(350, 440, seconds=2),  # a dial tone
        tone(480, 620, seconds=0.5),  # engaged
        *(tone(row, column, seconds=0.4) for row in (697, 941) for column in (1209, 1477)),
        noise(2, 3000),
        np.concatenate([tone(600 + step * 20, seconds=0.02) for step in range(40)]),  # a siren
    ],
)
def test_what_is_no_beep(sound: Samples) -> None:
    assert heard(sound) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in VOICES.glob("*.wav")))
def test_no_voice_beeps(name: str) -> None:
    assert beeps(clip(name)) == []


def test_a_sung_vowel_is_no_beep() -> None:
    """Harmonics, and the pitch of a voice."""
    time = np.arange(8000) / 8000
    pitch = 2 * np.pi * (400 * time + 1.5 * np.sin(2 * np.pi * 5 * time))
    assert heard(6000 * np.sin(pitch) + 2500 * np.sin(2 * pitch)) == []


def test_the_beep_after_an_announcement() -> None:
    found = beeps(clip("voicemail-greeting") + mulaw(tone(1000, seconds=0.4)) + b"\xff" * 1600)
    assert found == [pytest.approx(0.4, abs=0.05)]


def test_silence_is_counted_from_the_last_sound() -> None:
    line = LineSound()
    line.feed(b"\xff" * 1600)
    assert not line.sounded
    line.feed(mulaw(noise(0.2, 3000)))
    assert line.sounded
    line.feed(b"\xff" * 4000)
    assert line.quiet_seconds == pytest.approx(0.5, abs=0.021)
    line.feed(mulaw(noise(0.1, 40)))
    assert line.quiet_seconds == pytest.approx(0.6, abs=0.021)
    assert line.seconds == pytest.approx(1.0)


def test_pieces_of_any_size() -> None:
    sound = mulaw(np.concatenate([tone(1000, seconds=0.4), np.zeros(800)]))
    found: list[float] = []
    line = LineSound(found.append)
    for start in range(0, len(sound), 37):
        line.feed(sound[start : start + 37])
    assert len(found) == 1


def test_mulaw_is_read_as_it_is_written() -> None:
    with wave.open(str(VOICES / "hello.wav")) as wav:
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)[:8000]
    from media_service.answering.line_sound import _LINEAR

    linear = _LINEAR[np.frombuffer(mulaw(pcm), np.uint8)]
    assert np.all(np.abs(linear - pcm) <= np.maximum(16, np.abs(pcm.astype(float)) / 16))
