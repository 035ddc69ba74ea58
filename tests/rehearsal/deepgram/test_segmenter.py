import numpy as np
import pytest

from rehearsal.deepgram.segmenter import Audio, Event, Segment, Segmenter
from tests.rehearsal.deepgram.fakes import silence, tone


def events(segmenter: Segmenter, *audio: Audio) -> list[tuple[Event, Segment]]:
    return [event for piece in audio for event in segmenter.feed(piece)]


def kinds(happened: list[tuple[Event, Segment]]) -> list[Event]:
    return [kind for kind, _ in happened]


def noise(seconds: float, level: float) -> Audio:
    random = np.random.default_rng(1)
    return (level * random.standard_normal(int(seconds * 16_000))).astype(np.float32)


def test_silence_is_never_speech() -> None:
    assert events(Segmenter(0.3), silence(5)) == []


def test_speech_starts_pauses_and_ends() -> None:
    happened = events(Segmenter(0.3), silence(0.5), tone(1), silence(1))
    assert kinds(happened) == [Event.STARTED, Event.PAUSED, Event.ENDED]
    segment = happened[-1][1]
    assert segment.end == pytest.approx(1.5, abs=0.03)
    assert segment.start == pytest.approx(0.26, abs=0.03), "with what led up to it"
    assert segment.voiced == 50


def test_the_pieces_may_be_of_any_length() -> None:
    audio = np.concatenate([silence(0.5), tone(1), silence(1)])
    whole = events(Segmenter(0.3), audio)
    odd = events(Segmenter(0.3), *(audio[at : at + 77] for at in range(0, len(audio), 77)))
    assert kinds(odd) == kinds(whole)
    assert odd[-1][1].end == pytest.approx(whole[-1][1].end)


def test_a_click_is_not_speech() -> None:
    assert events(Segmenter(0.3), silence(0.5), tone(0.03), silence(1)) == []


def test_a_steady_noise_stops_being_speech() -> None:
    segmenter = Segmenter(0.3)
    events(segmenter, noise(20, 0.005))
    assert events(segmenter, noise(5, 0.005)) == []


def test_speech_is_heard_over_a_steady_noise() -> None:
    segmenter = Segmenter(0.3)
    events(segmenter, noise(20, 0.005))
    happened = events(segmenter, noise(1, 0.005) + tone(1), noise(1, 0.005))
    assert kinds(happened) == [Event.STARTED, Event.PAUSED, Event.ENDED]


def test_without_endpointing_only_finish_ends_a_segment() -> None:
    segmenter = Segmenter(None)
    assert kinds(events(segmenter, tone(1), silence(5))) == [Event.STARTED, Event.PAUSED]
    segment = segmenter.finish()
    assert segment is not None
    assert len(segment.audio()) / 16_000 == pytest.approx(1.3, abs=0.05), "not all that silence"
    assert segmenter.finish() is None


def test_an_endless_speech_is_cut_at_a_pause() -> None:
    happened = events(Segmenter(None, longest=3), tone(3.2), silence(0.12), tone(1))
    assert kinds(happened) == [Event.STARTED, Event.ENDED, Event.STARTED]


def test_a_speech_without_a_pause_is_cut_anyhow() -> None:
    assert kinds(events(Segmenter(None, longest=2), tone(3.1)))[:2] == [Event.STARTED, Event.ENDED]
