"""What a leg knows of the legs before it."""

from datetime import timedelta
from typing import Any

from calls.call import Turn
from calls.tool_use import ToolUse
from media_service.memory import CUT_SHORT, Memory
from tests.unit.media.tools import AT


def turn(number: int, role: str, text: str = "Yes.", **more: Any) -> Turn:
    at = AT + timedelta(seconds=number)
    return Turn.model_validate({"number": number, "role": role, "text": text, "at": at, **more})


def use(turn: int, *, finished: float | None = None, nth: int = 1, **more: Any) -> ToolUse:
    one = ToolUse(turn=turn, name="look_up", nth=nth, arguments={"order": 7})
    if finished is None:
        return one
    more = {"answered": False, **more}
    return one.finished({"result": "Tuesday"}, AT + timedelta(seconds=finished), **more)


GREETED = [turn(1, "agent", "Hi.", kind="greeting"), turn(2, "callee", "Where is it?")]


def test_a_call_of_which_nothing_was_said() -> None:
    memory = Memory()
    assert (memory.next_number, memory.callee_turn, memory.silences) == (1, 0, 0)
    assert not memory.greeted
    assert not memory.unanswered
    assert memory.messages == []


def test_a_greeting_that_was_cut_by_the_callee_is_one() -> None:
    assert Memory([turn(1, "agent", "Hi", kind="greeting", interrupted=True)]).greeted
    assert not Memory([turn(1, "callee", "Hello?")]).greeted


def test_who_spoke_last_waits_for_an_answer() -> None:
    assert Memory(GREETED).unanswered
    assert not Memory([*GREETED, turn(3, "agent")]).unanswered
    filler = turn(3, "agent", "One moment.", kind="filler")
    assert Memory([*GREETED, filler]).unanswered


def test_what_is_said_while_a_tool_works_is_no_answer() -> None:
    lead_in = turn(3, "agent", "Let me look.")
    assert Memory([*GREETED, lead_in], [use(2)]).unanswered, "killed while it ran"
    assert Memory([*GREETED, lead_in], [use(2, finished=3.5)]).unanswered, "killed after it"
    answer = turn(4, "agent", "It comes on Tuesday.")
    assert not Memory([*GREETED, lead_in, answer], [use(2, finished=3.5)]).unanswered


def test_a_tool_of_which_nothing_is_said_is_no_reason_to_speak() -> None:
    lead_in = turn(3, "agent", "I press one.")
    assert not Memory([*GREETED, lead_in], [use(2, finished=3.5, answered=True)]).unanswered


def test_a_tool_of_an_earlier_turn_is_past() -> None:
    turns = [*GREETED, turn(3, "agent"), turn(4, "callee"), turn(5, "agent")]
    assert not Memory(turns, [use(2)]).unanswered


def test_the_llm_sees_what_was_done_where_it_was_done() -> None:
    turns = [*GREETED, turn(3, "agent", "On Tuesday."), turn(4, "callee", "And the other?")]
    messages = Memory(turns, [use(2, finished=2.5), use(4)]).messages
    assert [message["role"] for message in messages] == [
        "assistant", "user", "assistant", "tool", "assistant", "user", "assistant", "tool",
    ]  # fmt: skip
    called, result = messages[2:4]
    assert called["tool_calls"][0]["id"] == result["tool_call_id"]
    assert result["content"] == '{"result": "Tuesday"}'
    assert CUT_SHORT["error"] in messages[-1]["content"]


def test_what_broke_off_is_the_last_that_the_llm_sees() -> None:
    """What was said with it was said before: the LLM is to answer the break."""
    announced = [*GREETED, turn(3, "agent", "I will put you through.", kind="goodbye")]
    messages = Memory(announced, [use(2)]).messages
    assert [message["role"] for message in messages] == [
        "assistant", "user", "assistant", "assistant", "tool",
    ]  # fmt: skip


def test_silences_since_the_callee_last_spoke_count_on() -> None:
    idle = [turn(number, "agent", "Hello?", kind="idle") for number in (3, 4)]
    assert Memory([*GREETED, *idle]).silences == 2
    assert Memory([*GREETED, *idle, turn(5, "callee")]).silences == 0


def test_numbers_go_on_over_a_turn_that_was_lost() -> None:
    assert Memory([turn(1, "agent"), turn(3, "callee")]).next_number == 4
