"""The VAD of a call, on sounds that are known: in samples, not by the clock."""

import os
import threading

import numpy as np
import pytest
from pipecat.audio.vad.vad_analyzer import VADState

from benchmarks.clips import RATE, Sound, clip, from_mulaw, to_mulaw
from media_service.listening import models

FRAME = 160
LEAD = RATE


@pytest.fixture(scope="module")
def loaded() -> models.Models:
    return models.load()


def test_all_calls_share_the_threads_of_smart_turn(loaded: models.Models) -> None:
    """Each that it runs in keeps 6.7 MB: so many are they, all there from the start."""
    before = threading.active_count()
    first, second = loaded.turn_analyzer(), loaded.turn_analyzer()
    assert first._model_executor is second._model_executor is loaded.threads
    assert len(loaded.threads._threads) == len(os.sched_getaffinity(0))
    assert threading.active_count() == before


async def test_a_call_that_ends_leaves_them_to_the_others(loaded: models.Models) -> None:
    await loaded.turn_analyzer().cleanup()
    assert loaded.threads.submit(lambda: "there").result(5) == "there"


async def told(loaded: models.Models, sound: Sound) -> list[tuple[str, float]]:
    """The states of the VAD, and when each was told, in seconds after the lead of silence."""
    vad = loaded.vad()
    vad.set_sample_rate(RATE)
    heard = from_mulaw(to_mulaw(np.concatenate([np.zeros(LEAD), sound, np.zeros(RATE)])))
    states, last = [], VADState.QUIET
    for start in range(0, len(heard) - FRAME + 1, FRAME):
        state = await vad.analyze_audio(heard[start : start + FRAME].astype(np.int16).tobytes())
        if state in (VADState.SPEAKING, VADState.QUIET) and state is not last:
            last = state
            states.append((state.name, (start + FRAME - LEAD) / RATE))
    await vad.cleanup()
    return states


@pytest.mark.parametrize("name", ["sarah-arrived", "tom-speaking", "hello", "yes"])
async def test_a_voice_is_told_soon(loaded: models.Models, name: str) -> None:
    """A quarter of a second, so that the agent is silent within 280 ms."""
    states = await told(loaded, clip(name))
    assert states[0][0] == "SPEAKING"
    assert 0 < states[0][1] <= 0.25


async def test_the_end_of_a_word_is_not_the_end_of_a_voice(loaded: models.Models) -> None:
    """Between two sentences in one breath."""
    sound = clip("tom-speaking")
    states = await told(loaded, sound)
    assert [state for state, _ in states] == ["SPEAKING", "QUIET"]
    assert 0.1 < states[1][1] - len(sound) / RATE < 0.35


async def test_nobody_speaks_from_the_far_end_of_a_room(loaded: models.Models) -> None:
    assert await told(loaded, clip("sarah-arrived") / 100) == []


async def test_the_network_is_not_asked_about_silence(
    loaded: models.Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    run = type(loaded.silero._model).__call__

    def counted(self: object, x: object, sr: int) -> object:
        asked.append(x)
        return run(self, x, sr)

    monkeypatch.setattr(type(loaded.silero._model), "__call__", counted)
    sound = clip("yes")
    await told(loaded, np.concatenate([np.zeros(60 * RATE), sound, np.zeros(60 * RATE)]))
    # A second of the silence before, and one of that behind it.
    assert len(sound) / 256 < len(asked) < len(sound) / 256 + 2 * models.KNOWN_WINDOWS + 15


async def test_a_voice_is_told_as_soon_after_a_long_silence(loaded: models.Models) -> None:
    long = 60 * RATE
    states = await told(loaded, np.concatenate([np.zeros(long), clip("tom-speaking")]))
    assert 0 < states[0][1] - long / RATE <= 0.25


async def test_a_hiss_is_no_voice(loaded: models.Models) -> None:
    assert await told(loaded, 1000 * np.random.default_rng(2).standard_normal(5 * RATE)) == []
