import pytest

from rehearsal.deepgram.audio_format import AudioFormat
from rehearsal.deepgram.handshake import ListenRequest, RefusedError, SpeakRequest, authorize

LISTEN = {"model": "nova-3-general", "encoding": "linear16", "sample_rate": "8000"}


def test_what_pipecat_asks_for() -> None:
    asked = ListenRequest.of(
        {**LISTEN, "interim_results": "true", "punctuate": "true", "channels": "1",
         "multichannel": "false", "language": "en", "numerals": "false"}
    )  # fmt: skip
    assert asked.audio == AudioFormat("linear16", 8000)
    assert asked.interim_results
    assert asked.punctuate


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [({}, 0.3), ({"endpointing": "false"}, None), ({"endpointing": "500"}, 0.5),
     ({"endpointing": "true"}, 0.3), ({"endpointing": "10"}, 0.3)],
)  # fmt: skip
def test_endpointing(asked: dict[str, str], seconds: float | None) -> None:
    assert ListenRequest.of({**LISTEN, **asked}).endpointing == seconds


@pytest.mark.parametrize(
    "wrong",
    [{"model": "nova-9"}, {"encoding": "opus"}, {"sample_rate": "fast"}, {"sample_rate": "7999"},
     {"channels": "2"}, {"multichannel": "true"}, {"endpointing": "soon"}],
)  # fmt: skip
def test_what_is_not_understood_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as refusal:
        ListenRequest.of({**LISTEN, **wrong})
    assert refusal.value.status == 400


def test_a_voice() -> None:
    asked = SpeakRequest.of(
        {"model": "aura-2-theia-en", "encoding": "mulaw", "sample_rate": "8000", "speed": "1.1"}
    )
    assert (asked.name, asked.language, asked.speed) == ("theia", "en", 1.1)
    assert asked.audio == AudioFormat("mulaw", 8000)


def test_a_voice_by_default_speaks_wide_band() -> None:
    assert SpeakRequest.of({}).audio == AudioFormat("linear16", 24_000)
    assert SpeakRequest.of({"encoding": "mulaw"}).audio == AudioFormat("mulaw", 8000)


@pytest.mark.parametrize(
    "wrong",
    [{"model": "theia"}, {"model": "aura-2-sakura-ja"}, {"speed": "2"}, {"speed": "fast"},
     {"encoding": "mp3"}, {"sample_rate": "11025"}],
)  # fmt: skip
def test_a_voice_that_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as refusal:
        SpeakRequest.of({"model": "aura-2-theia-en", **wrong})
    assert refusal.value.status == 400


@pytest.mark.parametrize("header", [None, "", "Token", "Token ", "Basic abc", "abc"])
def test_a_key_is_needed(header: str | None) -> None:
    with pytest.raises(RefusedError) as refusal:
        authorize(header, frozenset())
    assert refusal.value.status == 401


def test_any_key_will_do_unless_some_are_named() -> None:
    authorize("Token anything", frozenset())
    authorize("token right", frozenset({"right"}))
    with pytest.raises(RefusedError):
        authorize("Token wrong", frozenset({"right"}))
