"""What a soak strikes with, and how it judges: on calls and tables that are known."""

import os
import socket
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.leftovers import Ledger, growth, held, own_mb, tcp
from benchmarks.soaked_call import (
    SILENCE_SECONDS,
    Gap,
    Outage,
    SoakedCall,
    longest_silence,
    stream_gaps,
)
from benchmarks.storm import APART_SECONDS, EVERY, storm

BEGAN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def at(seconds: float) -> str:
    return datetime.fromtimestamp(BEGAN + seconds, UTC).isoformat()


def record(**changes: Any) -> dict[str, Any]:
    return {
        "status": "ended",
        "end_reason": "agent_hung_up",
        "created_at": at(0),
        "ended_at": at(20),
        "timeline": [{"event": "stream_started"}, {"event": "ended"}],
        "transcript": [{"kind": "greeting"}, {"kind": None}],
        **changes,
    }


def events(*told: tuple[float, str]) -> list[dict[str, Any]]:
    return [{"at": BEGAN + when, "event": name} for when, name in told]


GOOD = events(
    (1, "answered"), (1.1, "stream_open"), (1.2, "agent_speech_started"),
    (9, "agent_speech_stopped"), (10, "callee_clip_started"), (12, "callee_clip_ended"),
    (13, "agent_speech_started"), (18, "agent_speech_stopped"), (19, "hung_up"), (20, "ended"),
)  # fmt: skip


def test_a_call_that_went_well_is_right() -> None:
    call = SoakedCall(record(), GOOD, "agent_hung_up")
    assert call.judge([]) == ("right", [])
    assert (call.resumed, call.silence, call.gaps) == (False, 1.0, [])


def test_a_person_who_was_struck_may_end_a_call_in_another_way_a_machine_may_not() -> None:
    assert SoakedCall(record(end_reason="idle"), GOOD, "agent_hung_up").judge([])[0] == "right"
    verdict, wrong = SoakedCall(record(end_reason="idle"), GOOD, "busy").judge([])
    assert (verdict, wrong) == ("lost", ["it ended by idle, not busy"])


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "in_progress"},
        {"end_reason": "lost"},
        {"end_reason": "unknown"},
        {"end_reason": "failed"},
        {"end_reason": "canceled"},
        {"timeline": []},
        {"timeline": [{"event": "ended"}, {"event": "ended"}]},
        {"transcript": [{"kind": "greeting"}, {"kind": "greeting"}]},
    ],
)
def test_a_record_that_is_not_right_is_lost(changes: dict[str, Any]) -> None:
    verdict, wrong = SoakedCall(record(**changes), GOOD, "agent_hung_up").judge([])
    assert verdict == "lost"
    assert len(wrong) == 1


def test_an_outage_excuses_the_apology_of_a_call_that_met_it_and_nothing_else() -> None:
    failed = SoakedCall(record(end_reason="failed"), GOOD, "agent_hung_up")
    met, before = Outage(BEGAN + 5, BEGAN + 9), Outage(BEGAN - 9, BEGAN - 1)
    assert failed.judge([met])[0] == "excused"
    assert failed.judge([before])[0] == "lost"
    for unlucky in ("lost", "unknown"):
        call = SoakedCall(record(end_reason=unlucky), GOOD, "agent_hung_up")
        assert call.judge([met])[0] == "lost"
    silent = [*GOOD[:4], *events((9 + SILENCE_SECONDS + 1, "hung_up"), (40, "ended"))]
    dead = SoakedCall(record(end_reason="failed", ended_at=at(40)), silent, "agent_hung_up")
    assert dead.judge([met]) == ("lost", ["silent for 16.0 s"])


def test_a_line_that_is_silent_or_still_open_is_lost() -> None:
    silent = [*GOOD[:4], *events((30, "callee_clip_started"), (31, "hung_up"), (31, "ended"))]
    assert SoakedCall(record(), silent, "agent_hung_up").judge([])[1] == ["silent for 21.0 s"]
    (wrong,) = SoakedCall(record(), GOOD[:-1], "agent_hung_up").judge([])[1]
    assert wrong == "the phone network has not ended it"


def test_silence_is_when_nobody_sounds() -> None:
    both = events(
        (0, "answered"), (2, "agent_speech_started"), (3, "callee_clip_started"),
        (4, "agent_speech_stopped"), (9, "callee_clip_ended"), (12, "hung_up"),
    )  # fmt: skip
    assert longest_silence(both) == 3
    assert longest_silence(events((0, "created"), (50, "ended"))) == 0
    assert longest_silence(events((0, "answered"), (50, "hung_up"))) == 50


def test_a_gap_is_from_one_stream_to_the_next() -> None:
    told = events(
        (0, "stream_open"), (5, "stream_cut"), (5, "stream_broken"), (6.5, "stream_refused"),
        (8, "stream_open"), (20, "stream_closed"), (20.5, "stream_open"), (30, "stream_closed"),
    )  # fmt: skip
    assert stream_gaps(told) == [Gap(3, handed_over=False), Gap(0.5, handed_over=True)]


@given(st.integers(), st.floats(30, 7_200))
def test_a_storm_is_the_same_for_its_seed_and_has_everything(seed: int, seconds: float) -> None:
    blows = storm(seed, seconds)
    assert blows == storm(seed, seconds)
    assert {blow.kind for blow in blows} == set(EVERY)
    times = [blow.at for blow in blows]
    assert times == sorted(times)
    assert times[0] >= 0
    tasks = [blow.at for blow in blows if blow.kind in ("kill", "drain")]
    assert all(b - a >= APART_SECONDS - 1e-6 for a, b in pairwise(tasks))


def test_growth_is_a_slope() -> None:
    assert growth([10, 20, 30], [100.0, 100.1, 100.2]) == pytest.approx(1.0)
    assert growth([10, 20], [100.0, 99.0]) == pytest.approx(-10.0)
    assert growth([10], [100.0]) == 0
    assert growth([10, 10], [100.0, 101.0]) == 0
    # What is filled once, at first, is no growth; what goes on is.
    assert growth([0, 20, 40, 60, 80], [100.0, 108.0, 108.1, 108.2, 108.3]) < 2
    assert growth([0, 20, 40, 60, 80], [100.0, 101.0, 102.0, 103.0, 104.0]) == pytest.approx(5)


def test_a_process_is_seen_with_its_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        before = held(os.getpid(), port)
        with socket.create_connection(("127.0.0.1", port)):
            theirs, _ = server.accept()
            during = held(os.getpid(), port)
            theirs.close()
    assert (before.incoming, before.outgoing[port]) == (0, 0)
    assert (during.incoming, during.outgoing[port]) == (1, 1)
    assert during.files == before.files
    assert during.descriptors == before.descriptors + 2
    assert during.own_mb > 1
    assert during.threads >= 1


def test_only_connections_that_stand_are_counted() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid …"
    row = "   0: 0100007F:1F90 0100007F:C350 {} 00000000:00000000 00:00000000 00000000  0  0 {} 1 0"
    table = "\n".join([head, row.format("01", 77), row.format("0A", 78), row.format("06", 0)])
    assert tcp(table) == [(77, (8080, 50000))]


def test_memory_is_what_was_written_and_is_private() -> None:
    rollup = "00400000-7fff r\nRss: 9000 kB\nPrivate_Clean: 512 kB\nPrivate_Dirty: 1536 kB\n"
    assert own_mb(rollup) == 1.5
    assert own_mb(f"{rollup}Swap: 512 kB\nSwapPss: 512 kB\n") == 2


def test_a_seat_is_leaked_by_either_count() -> None:
    assert Ledger(frozenset(), 0, {}).leaked == 0
    assert Ledger(frozenset({"01A"}), 0, {}).leaked == 1
    assert Ledger(frozenset(), 2, {}).leaked == 2
