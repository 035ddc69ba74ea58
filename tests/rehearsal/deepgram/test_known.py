"""Listening by heart: which clip it is, and how much of it."""

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from rehearsal.deepgram.handshake import ListenRequest, RefusedError
from rehearsal.deepgram.known import ByHeart, clips, features, language_of
from rehearsal.deepgram.results import Messages, Result, Span
from tests.rehearsal.deepgram.fakes import FakeRecognizer
from tests.rehearsal.deepgram.serving import clip, over_the_phone

SPANISH = {
    "lucia-soy-yo": "Sí, soy yo, dígame.",
    "lucia-confirma": "Sí, perfecto, allí estaré.",
}
AUDIO = {"encoding": "linear16", "sample_rate": "8000"}


def heard(name: str, before: int = 1777) -> NDArray[np.float32]:
    """A clip as it comes out of a telephone, not at the beginning of a frame."""
    narrow = over_the_phone(clip(name)).astype(np.float32) / np.float32(32768)
    wide = soxr.resample(narrow, 8000, 16_000).astype(np.float32)
    return np.concatenate([np.zeros(before, np.float32), wide, np.zeros(1600, np.float32)])


@pytest.mark.parametrize("name", SPANISH)
async def test_a_clip_of_the_language_is_known(name: str) -> None:
    assert await ByHeart("es-419").transcribe(heard(name)) == SPANISH[name]
    assert await ByHeart("fr").transcribe(heard(name)) == ""


async def test_of_a_piece_there_are_the_words_in_it() -> None:
    whole = heard("lucia-confirma")
    ears = ByHeart("es")
    comma = int(0.3 * len(whole))
    assert await ears.transcribe(whole[:comma]) == "Sí, perfecto,"
    assert await ears.transcribe(whole[comma:]) == "allí estaré."


@pytest.mark.parametrize("name", ["yes", "hello", "maria-confirms", "tom-speaking", "no-thanks"])
async def test_nothing_else_is_heard_in_it(name: str) -> None:
    assert await ByHeart("es").transcribe(heard(name)) == ""
    other = FakeRecognizer()
    assert (await ByHeart(None, other).transcribe(heard(name))).startswith("Word.")


async def test_silence_and_noise_are_no_clip() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 32_000).astype(np.float32)
    for audio in (np.zeros(32_000, np.float32), noise, np.zeros(100, np.float32)):
        assert await ByHeart("es").transcribe(audio) == ""


def test_every_clip_is_like_itself() -> None:
    assert {known.language for known in clips()} == {"es"}
    assert features(heard("yes")).shape[1] == 12


@pytest.mark.parametrize("language", ["en", "en-GB", "es", "es-419", "de", "multi", "nl"])
def test_what_nova_3_understands_is_taken(language: str) -> None:
    asked = ListenRequest.of({"model": "nova-3", "language": language, **AUDIO})
    assert asked.language == language


@pytest.mark.parametrize("language", ["xx", "english", ""])
def test_any_other_language_is_refused_as_deepgram_does(language: str) -> None:
    with pytest.raises(RefusedError, match="no such model/language"):
        ListenRequest.of({"model": "nova-3", "language": language, **AUDIO})


def test_the_language_is_told_where_there_are_words() -> None:
    span = Span(0, 1)
    said = Messages("r", "nova-3").results(Result("dígame.", span, span, language="es"))
    assert '"languages": ["es"]' in said
    assert "languages" not in Messages("r", "nova-3").results(Result("", span, span, language="es"))
    assert (language_of("dígame."), language_of("Tell me."), language_of("")) == ("es", "en", "en")
