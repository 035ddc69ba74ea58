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
    "outcome": {"rating": 4, "recommends": True, "comment": None},
    "disposition": "completed",
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


RESULTS = Goal(
    end_reason="agent_hung_up", outcome={"rating": 4, "comment": None}, disposition="completed",
    tools=("record_answer",), events=("opted_out",),
)  # fmt: skip


def test_what_came_of_it_is_judged_exactly() -> None:
    def noted(event: str, detail: str | None) -> dict[str, Any]:
        return {"at": "2026-11-22T12:00:01+00:00", "event": event, "detail": detail}

    entries = [noted("tool", "record_answer"), noted("opted_out", "speech")]
    whole = {**RECORD, "timeline": [*RECORD["timeline"], *entries]}
    assert shortfalls(RESULTS, whole) == []
    assert shortfalls(RESULTS, {**whole, "outcome": {"rating": 4}}) == [
        "the outcome's comment is not there, not null"
    ]
    assert len(shortfalls(RESULTS, {**whole, "outcome": None})) == 2
    assert shortfalls(RESULTS, {**whole, "disposition": "unknown"}) == [
        "it came to unknown, not completed"
    ]
    assert shortfalls(RESULTS, {**whole, "timeline": entries[:1]}) == ["there was no opted_out"]
    assert shortfalls(RESULTS, {**whole, "timeline": entries[1:]}) == [
        "the tool record_answer was never called"
    ]


def test_the_do_not_call_list_is_to_be_as_the_goal_says() -> None:
    removed = GOAL.model_copy(update={"opted_out": True})
    assert shortfalls(removed, RECORD, listed=True) == []
    assert shortfalls(removed, RECORD) == ["the number is not on the do-not-call list"]
    assert shortfalls(GOAL, RECORD, listed=True) == ["the number is on the do-not-call list"]


def test_true_is_not_one() -> None:
    goal = Goal(end_reason="agent_hung_up", outcome={"rating": 1})
    assert shortfalls(goal, {**RECORD, "outcome": {"rating": True}})


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


def test_who_answered_is_judged() -> None:
    goal = Goal(end_reason="agent_hung_up", answered_by="screening")
    assert shortfalls(goal, {**RECORD, "answered_by": "screening"}) == []
    assert shortfalls(goal, {**RECORD, "answered_by": "human"}) == [
        "it was answered by human, not screening"
    ]
