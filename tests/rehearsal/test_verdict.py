"""Judging a call by its record, and telling it as it happens."""

from typing import Any

from rehearsal.happening import Follower
from rehearsal.scenario import Goal
from rehearsal.verdict import shortfalls

GOAL = Goal(
    end_reason="agent_hung_up", turns=2, interruptions=1, idle=1, said=("bye",), heard=("yes",)
)


def turn(number: int, role: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "number": number, "role": role, "text": text, "at": f"2026-11-22T12:00:{number:02}+00:00",
        "kind": None, "interrupted": False, "latency_ms": None, **more,
    }  # fmt: skip


RECORD: dict[str, Any] = {
    "status": "ended",
    "end_reason": "agent_hung_up",
    "timeline": [
        {"at": "2026-11-22T12:00:00+00:00", "event": "dialing", "detail": None},
        {"at": "2026-11-22T12:00:09+00:00", "event": "ended", "detail": None},
    ],
    "transcript": [
        turn(1, "agent", "Hello", interrupted=True),
        turn(2, "callee", "Yes!"),
        turn(3, "agent", "Still there?", kind="idle"),
        turn(4, "agent", "Bye.", latency_ms=300),
    ],
}


def test_a_call_that_has_it_all_lacks_nothing() -> None:
    assert shortfalls(GOAL, RECORD) == []


def test_everything_that_is_missing_is_named() -> None:
    nothing = {**RECORD, "status": "in_progress", "end_reason": None, "transcript": []}
    assert len(shortfalls(GOAL, nothing)) == 7


def test_each_thing_is_told_once_and_in_order() -> None:
    follower = Follower()
    early = {**RECORD, "timeline": RECORD["timeline"][:1], "transcript": RECORD["transcript"][:1]}
    first = [h.text for h in follower.news(early)]
    then = [(h.text, h.note) for h in follower.news(RECORD)]

    assert first == ["dialing", "Hello"]
    assert then == [
        ("Yes!", ""), ("Still there?", "breaks the silence"), ("Bye.", "after 300 ms"),
        ("ended", "agent hung up"),
    ]  # fmt: skip
    assert list(follower.news(RECORD)) == []
