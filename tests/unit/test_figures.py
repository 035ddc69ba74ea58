"""What the benchmark's parts come to."""

from typing import Any

import pytest

from benchmarks.__main__ import programs, told
from benchmarks.answered import first_sound_ms
from benchmarks.figure import Figure
from benchmarks.figures import figures
from benchmarks.quality import heard, worse


def crowd(bot: str, calls: int, **found: Any) -> dict[str, Any]:
    return {
        "bot": bot, "calls": calls, "cpu": 0.03, "turn_p50_ms": 850.0, "first_call_mb": 20.0,
        "further_call_mb": 5.0, "start_s": 1.2, **found,
    }  # fmt: skip


CAPACITY = {
    "carries": {"stock": 2, "dialout": 24},
    "crowds": [
        crowd("stock", 1, turn_p50_ms=1050.0), crowd("stock", 2, cpu=0.25), crowd("stock", 3),
        crowd("dialout", 1, cpu=0.09), crowd("dialout", 24),
    ],
}  # fmt: skip
FLOOR = {"vad": 4.0, "turn": 5.0, "noise_filter": 50.0}


def by_name(parts: dict[str, Any]) -> dict[str, Figure]:
    return {row.name.partition(",")[0]: row for row in figures(parts)}


def test_better_is_more_calls_and_less_of_everything_else() -> None:
    more = Figure("calls", "", 2, 24, 20, more=True)
    assert (more.ratio, more.reached) == (12, True)
    less = Figure("latency", "ms", 250, 50, 40)
    assert (less.ratio, less.reached) == (5, False)
    assert Figure("alone", "ms", None, 50, 60).ratio is None
    assert told(less)["reached"] is False


def test_each_bot_is_shown_with_the_largest_crowd_that_it_carried() -> None:
    rows = by_name({"capacity": CAPACITY, "floor": FLOOR})
    cpu = rows["CPU-seconds a call-second"]
    assert (cpu.stock, cpu.ours, cpu.floor) == (0.25, 0.03, 0.009)
    assert "(2 and 24 calls)" in cpu.name
    assert rows["calls on one core"].floor == pytest.approx(111.1)


def test_what_a_bot_adds_to_a_turn_is_what_the_vendors_and_the_vad_do_not_take() -> None:
    own = by_name({"capacity": CAPACITY})["own share of turn latency"]
    assert (own.stock, own.ours) == (250, 50)


def test_a_function_is_beside_what_none_can_do_without() -> None:
    cold = {"cold_ms": 249, "warm_ms": 4.5}
    part = {"boto3 client alone": {"cold_ms": 137}, "/twiml": cold, "/dialout": cold}
    row = figures({"cold_start": part})[0]
    assert (row.stock, row.ours, row.reached) == (137, 249, True)


def test_a_bot_that_was_not_asked_has_no_figure() -> None:
    part = {"carries": {"dialout": 16}, "crowds": [crowd("dialout", 1), crowd("dialout", 16)]}
    calls, cpu = figures({"filtered": part})
    assert (calls.stock, calls.ours, calls.reached) == (None, 16, True)
    assert (cpu.stock, cpu.ours) == (None, 0.03)


def test_a_part_that_was_left_out_has_no_rows() -> None:
    assert figures({}) == []
    assert set(by_name({"answered": {"median_ms": 120.0}})) == {"Twilio's answer → first audio"}


def test_a_voice_that_never_stopped_has_not_reached_anything() -> None:
    (row,) = figures({"barge_in": {"stock bot": {"stops_ms": None}, "dialout": {"stops_ms": None}}})
    assert not row.reached


def test_every_part_is_a_program() -> None:
    for program, *_ in programs(1).values():
        assert __import__(program, fromlist=["main"]).main


def user(*texts: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text} for text in texts]


AGENT = {"role": "assistant", "content": "I see."}
BEFORE = [{"role": "system", "content": "You."}, *user("hello"), AGENT]


@pytest.mark.parametrize(
    ("questions", "quoted"),
    [
        ([], ""),
        ([[*BEFORE, *user("yes please")]], "yes please"),
        ([[*BEFORE, *user("yes")], [*BEFORE, *user("yes"), AGENT, *user("please")]], "yes please"),
        ([[*BEFORE, *user("yes")], [*BEFORE, *user("yes", "please")]], "yes please"),
    ],
    ids=["nobody asked", "one question", "answered in between", "not answered in between"],
)
def test_what_a_bot_heard_is_what_its_llm_is_told(questions: Any, quoted: str) -> None:
    assert heard(questions) == quoted


def test_the_first_sound_is_counted_from_the_persons_answer() -> None:
    told = [("ringing", 1.0), ("answered", 2.0), ("stream_open", 2.1), ("stream_first_media", 2.15),
            ("stream_first_media", 9.0)]  # fmt: skip
    assert first_sound_ms([{"event": event, "at": at} for event, at in told]) == 150.0


def test_hearing_worse_than_the_stock_bot_counts() -> None:
    as_good = {"words_wrong": 0.05, "turns_right": 0.9}
    assert not worse({"clean": {"stock": as_good, "dialout": as_good}})
    for bad in ({"words_wrong": 0.1, "turns_right": 0.9}, {"words_wrong": 0, "turns_right": 0.8}):
        assert worse({"clean": {"stock": as_good, "dialout": bad}})
