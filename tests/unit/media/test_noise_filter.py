"""RNNoise, straight from its library."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from pipecat.frames.frames import FilterEnableFrame

from media_service.listening import noise_filter
from media_service.listening.noise_filter import NoiseFilter, NoiseFilterMissingError

RATE = 8000
FRAME = 160


def chunks(sound: np.ndarray) -> list[bytes]:
    pcm = sound.astype(np.int16)
    return [pcm[at : at + FRAME].tobytes() for at in range(0, len(pcm), FRAME)]


def loudness(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(float) ** 2)))


@pytest.fixture
async def filtering() -> AsyncIterator[NoiseFilter]:
    filtering = NoiseFilter()
    await filtering.start(RATE)
    yield filtering
    await filtering.stop()


async def test_noise_gets_quieter(filtering: NoiseFilter) -> None:
    noise = np.random.default_rng(7).normal(0, 1000, 3 * RATE)
    out = b"".join([await filtering.filter(chunk) for chunk in chunks(noise)])
    assert loudness(out[-RATE * 2 :]) < 0.2 * loudness(noise.astype(np.int16).tobytes())


async def test_nothing_is_lost_but_the_last_frames(filtering: NoiseFilter) -> None:
    noise = np.random.default_rng(7).normal(0, 1000, RATE)
    out = b"".join([await filtering.filter(chunk) for chunk in chunks(noise)])
    assert RATE - 4 * FRAME < len(out) // 2 <= RATE


async def test_it_rests_in_silence_and_wakes_with_the_first_sound(filtering: NoiseFilter) -> None:
    silence = chunks(np.random.default_rng(7).normal(0, 30, 2 * RATE))
    out = [await filtering.filter(chunk) for chunk in silence]
    assert out[: RATE // FRAME // 2] != silence[: RATE // FRAME // 2]
    assert out[-RATE // FRAME :] == silence[-RATE // FRAME :]
    noise = chunks(np.random.default_rng(7).normal(0, 1000, 3 * RATE))
    filtered = b"".join([await filtering.filter(chunk) for chunk in noise])
    assert loudness(filtered[-RATE * 2 :]) < 0.2 * loudness(b"".join(noise))


async def test_switched_off_it_passes_the_sound_on(filtering: NoiseFilter) -> None:
    await filtering.process_frame(FilterEnableFrame(enable=False))
    chunk = bytes(range(256)) + bytes(64)
    assert await filtering.filter(chunk) == chunk


async def test_stopping_twice_does_no_harm() -> None:
    filtering = NoiseFilter()
    await filtering.start(RATE)
    await filtering.stop()
    await filtering.stop()


async def test_calls_do_not_share_a_state() -> None:
    sound = chunks(np.random.default_rng(7).normal(0, 1000, RATE))

    async def run() -> bytes:
        filtering = NoiseFilter()
        await filtering.start(RATE)
        out = []
        for chunk in sound:
            out.append(await filtering.filter(chunk))
            await asyncio.sleep(0)
        await filtering.stop()
        return b"".join(out)

    one, two = await asyncio.gather(run(), run())
    assert one == two


def test_a_missing_library_is_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    noise_filter.library.cache_clear()
    monkeypatch.setattr(noise_filter, "find_spec", lambda _: None)
    with pytest.raises(NoiseFilterMissingError):
        noise_filter.library()
    monkeypatch.undo()
    noise_filter.library.cache_clear()
