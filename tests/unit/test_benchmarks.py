"""The benchmarks' own arithmetic, on sounds that are known."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from benchmarks.barge_in import Found, heard_seconds, longest_gap, summary, words_off
from benchmarks.capacity import Crowd, carried, medians
from benchmarks.clips import from_mulaw, onset, to_mulaw
from benchmarks.leftovers import Held
from benchmarks.memory import Left, left
from benchmarks.noise import NOISES, errors, over, words
from benchmarks.overload import in_hand
from benchmarks.talker import played

SECOND = b"\x00" * 8000


def test_what_is_cleared_was_not_heard() -> None:
    """Two seconds came in the first; a clear after 1.5 s takes what had not sounded."""
    sounds = [(0.0, SECOND), (0.5, SECOND)]
    assert heard_seconds(sounds, []) == 2
    assert heard_seconds(sounds, [1.5]) == 1.5
    assert heard_seconds([*sounds, (2.0, SECOND)], [1.5]) == 2.5
    assert heard_seconds(sounds, [], until=0.75) == 0.75
    assert heard_seconds(sounds, [5.0]) == 2


def test_the_longest_silence_is_between_what_sounds() -> None:
    sounds = [(0.0, SECOND), (3.0, SECOND), (4.5, SECOND)]
    assert longest_gap(sounds, [], after=0) == 2
    assert longest_gap(sounds, [], after=2) == 0.5
    assert longest_gap(sounds, [0.5], after=0) == 2.5


@pytest.mark.parametrize(("seconds", "off"), [(1.0, 0), (1.3, -1), (0.6, 1), (0.0, 2)])
def test_words_that_are_kept_are_held_against_those_heard(seconds: float, off: int) -> None:
    """Fifteen letters a second: so many of the words are over by then."""
    whole = "seven letters and then ten more"
    assert words_off("seven letters", whole, seconds) == off


def test_a_bot_that_was_never_stopped_says_so() -> None:
    row = summary(Found(stops_ms=[300.0, 200.0, 250.0], kept=[True, False]))
    assert row["stops_ms"] == {"median": 250.0, "p95": 300.0, "n": 3}
    assert (row["nods"], row["kept"], row["reply_ms"]) == (2, 1, None)


def test_mulaw_is_its_own_inverse_but_for_what_it_loses() -> None:
    sound = np.array([0, 1, -1, 100, -100, 5000, -5000, 32000, -32000], np.float64)
    back = from_mulaw(to_mulaw(sound))
    assert np.all(np.abs(back - sound) <= np.maximum(8, np.abs(sound) / 16))
    assert np.array_equal(from_mulaw(to_mulaw(back)), back)
    assert to_mulaw(np.zeros(1)) == b"\xff"


def test_a_clip_begins_where_it_is_heard() -> None:
    assert onset(np.concatenate([np.zeros(800), np.full(800, 3000.0)])) == 800


def test_noise_lies_as_far_under_the_speech_as_it_is_said_to() -> None:
    rng = np.random.default_rng(1)
    speech = 3000 * np.sin(np.arange(8000) / 5)
    for noise in NOISES.values():
        quiet = over(noise(8000, rng), speech, 10)
        level = 10 * np.log10(np.mean(speech**2) / np.mean(quiet**2))
        assert level == pytest.approx(10)


@pytest.mark.parametrize(
    ("found", "wrong"), [("yes it has", 0), ("yes has", 1), ("yes it had come", 2), ("", 3)]
)
def test_words_that_are_wrong(found: str, wrong: int) -> None:
    assert errors(words("Yes, it has."), words(found)) == wrong


def test_a_phone_stutters_when_it_has_nothing_in_hand() -> None:
    """A fifth of a second each; the fourth comes late, and the first second does not count."""
    piece = b"\x00" * 1600
    steady = [(each * 0.2, piece) for each in range(10)]
    least, silent = in_hand(steady)
    assert (least, silent) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))
    ahead = [(max(0.0, at - 0.6), piece) for at, piece in steady]
    assert in_hand(ahead)[0] == pytest.approx(0.6)
    late = [*ahead[:8], (ahead[8][0] + 0.7, piece), (ahead[9][0] + 0.7, piece)]
    least, silent = in_hand(late)
    assert least == pytest.approx(-0.1)
    assert silent == pytest.approx(0.1)


def test_what_is_left_of_calls_is_told_without_what_is_meant_to_stay() -> None:
    first = Held(own_mb=100.0, files=20, incoming=0, outgoing=Counter({443: 1}), threads=9)
    last = Held(own_mb=101.0, files=20, incoming=0, outgoing=Counter({443: 5}), threads=9)
    assert left([0, 50], [first, last]) == Left(50, 2.0, 0, 0)
    assert left([0, 50], [first, last]).good
    leaky = dataclasses.replace(last, files=21, incoming=1, threads=10)
    assert left([0, 50], [first, leaky]) == Left(50, 2.0, 2, 1)
    assert not left([0, 50], [first, leaky]).good
    assert not left([0, 50], [first, dataclasses.replace(last, own_mb=101.5)]).good


def test_a_gap_is_silence_in_the_midst_of_a_voice() -> None:
    """Not between two utterances, and not after a clear."""
    assert played([(0.0, SECOND), (0.5, SECOND), (2.3, SECOND)]) == (3, pytest.approx(0.3))
    assert played([(0.0, SECOND), (4.0, SECOND)]) == (2, 0)
    assert played([(0.0, SECOND), (1.2, SECOND)], [1.1]) == (2, 0)


def crowd(calls: int, **more: float) -> Crowd:
    values: dict[str, float] = {
        "cpu": 0.03, "gaps": 0.0, "turn_p50_ms": 900.0, "turn_p95_ms": 1000.0, "turns": 10,
        "unanswered": 0, "start_s": 1.0, "first_call_mb": 20.0, "further_call_mb": 5.0,
        "disturbed": 0.0, "late_ms": 5.0, **more,
    }  # fmt: skip
    return Crowd(bot="dialout", noise_filter=False, calls=calls, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault", [{"gaps": 0.011}, {"turn_p95_ms": 2001.0}, {"unanswered": 1}], ids=str
)
def test_a_bot_carries_what_it_carries_without_a_fault(fault: dict[str, float]) -> None:
    assert carried([crowd(1), crowd(4), crowd(8)], "dialout") == 8
    assert carried([crowd(8, **fault), crowd(1), crowd(4), crowd(16)], "dialout") == 4
    assert carried([crowd(1)], "stock") == 0


def test_of_several_runs_the_medians_count_and_all_turns() -> None:
    runs = [crowd(4, cpu=0.03), crowd(4, cpu=0.09, unanswered=1), crowd(4, cpu=0.04)]
    found = medians(runs)
    assert (found.cpu, found.turns, found.unanswered, found.calls) == (0.04, 30, 1, 4)
    assert found.trusted
    assert not crowd(4, disturbed=0.2).trusted
