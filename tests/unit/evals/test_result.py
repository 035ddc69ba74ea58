"""What must come of a call, and what it lacks."""

from datetime import timedelta
from typing import Any

import pytest

from calls.call import Call, Turn, now
from calls.tool_use import ToolUse
from evals.result import Result, shortfalls, wrong_values


def call(**changes: Any) -> Call:
    known: dict[str, Any] = {
        "call_id": "01", "to_number": "+15550100001", "from_number": "+15550000001",
        "agent": "reminder", "api_key": "eval", "created_at": now(), "max_call_seconds": 60,
        "stream_until": now() + timedelta(minutes=2), "end_reason": "agent_hung_up",
        "tool_uses": (ToolUse(turn=1, name="end_call", nth=1, arguments={}),),
    }  # fmt: skip
    return Call.model_validate({**known, **changes})


TURNS = [
    Turn(number=1, role="agent", text="Hello David.", at=now(), kind="greeting", interrupted=True),
    Turn(number=2, role="callee", text="Tuesday?", at=now()),
    Turn(number=3, role="agent", text="Still there?", at=now(), kind="idle"),
]


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        ({}, []),
        ({"end_reason": "agent_hung_up", "said": ["hello david"], "tools": ["end_call"],
          "interruptions": 1, "idle": 1, "never_said": ["tuesday"]}, []),
        ({"end_reason": ["idle", "agent_hung_up"]}, []),
        ({"end_reason": ["idle", "opted_out"]},
         ["it ended by agent_hung_up, not idle or opted_out"]),
        ({"said": ["tuesday"]}, ["the agent never said /tuesday/"]),
        ({"never_said": ["hello"]}, ["the agent said /hello/"]),
        ({"tools": ["record_answer"]}, ["the tool record_answer was never used"]),
        ({"interruptions": 2, "idle": 2},
         ["1 interruptions, not 2", "1 broken silences, not 2"]),
        ({"opted_out": True}, ["the number is not on the do-not-call list"]),
    ],
)  # fmt: skip
def test_what_a_call_lacks(wanted: dict[str, Any], missing: list[str]) -> None:
    assert shortfalls(Result.model_validate(wanted), call(), TURNS, listed=False) == missing


def test_who_did_not_ask_is_not_listed() -> None:
    assert shortfalls(Result(), call(), TURNS, listed=True) == [
        "the number is on the do-not-call list"
    ]


@pytest.mark.parametrize(
    ("wanted", "found", "wrong"),
    [
        ({"awake": True}, {"awake": True}, []),
        ({"awake": True}, {"awake": 1}, ["the outcome's awake is 1, not true"]),
        ({"rating": None}, {}, ["the outcome's rating is not there, not null"]),
        ({"time": {"matches": "thursday.*three"}}, {"time": "Thursday, at three"}, []),
        ({"time": {"matches": "friday"}}, {"time": "Thursday"},
         ['the outcome\'s time is "Thursday", not like /friday/']),
        ({"time": {"matches": "friday"}}, {"time": None},
         ["the outcome's time is null, not like /friday/"]),
        ({"place": {"city": "Berlin"}}, {"place": {"city": "Berlin"}}, []),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_outcome(
    wanted: dict[str, Any], found: dict[str, Any], wrong: list[str]
) -> None:
    result = Result.model_validate({"outcome": wanted})
    assert wrong_values(result, call(outcome=found)) == wrong


def test_an_outcome_that_nobody_wants_is_neither_right_nor_wrong() -> None:
    assert wrong_values(Result(), call()) is None
    assert wrong_values(Result(outcome={"awake": None}), call()) == [
        "the outcome's awake is not there, not null"
    ]
