"""The stand-in for a model knows what the request tells, and nothing else."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evals.stand_in import StandIn
from evals.suite import Reply
from rehearsal.llm.chat import ChatRequest

PROMPT = "You remind David of your appointment\n  on Tuesday at ten. Never\nsay more.\n\nRules:\n"
RECORD = {
    "type": "function",
    "function": {
        "name": "record_answer",
        "parameters": {
            "type": "object",
            "properties": {
                "decision": {"anyOf": [{"enum": ["confirmed", None]}, {"type": "null"}]},
                "note": {"type": ["string", "null"]},
            },
        },
    },
}
TIME = r"your appointment on (?P<time>[^.]*)\."


def asked(
    heard: str,
    *,
    prompt: str = PROMPT,
    language: str = "English",
    tools: list[dict[str, Any]] | None = None,
    before: list[dict[str, Any]] | None = None,
) -> ChatRequest:
    return ChatRequest.model_validate(
        {
            "model": "m",
            "messages": [
                {"role": "system", "content": f"{prompt}\n- Speak {language}.\n- More."},
                *(before or []),
                {"role": "user", "content": heard},
            ],
            "tools": [RECORD] if tools is None else tools or None,
        }
    )


def stand_in(**reply: Any) -> StandIn:
    return StandIn("English", (Reply.model_validate({"heard": "when", **reply}),))


def test_it_says_what_the_prompt_tells() -> None:
    knows = stand_in(needs=[TIME], say="It is on {{time}}.")
    assert knows.answer(asked("When is it?")).say == "It is on Tuesday at ten."
    assert knows.gaps == []


def test_what_the_prompt_does_not_tell_it_does_not_know() -> None:
    knows = stand_in(needs=[TIME, "never say more"], say="It is on {{time}}.")
    answer = knows.answer(asked("When is it?", prompt="You remind David. Never say more."))
    assert answer.say == "I am sorry, I do not know that."
    assert answer.calls == ()
    assert knows.gaps == [f"the prompt says nothing like /{TIME}/, which an answer needs"]


def test_what_the_greeting_alone_says_is_not_in_the_prompt() -> None:
    knows = stand_in(needs=[TIME], say="It is on {{time}}.")
    greeting = {"role": "assistant", "content": "It is about your appointment on Monday at one."}
    answer = knows.answer(asked("When?", prompt="You remind David.", before=[greeting]))
    assert answer.say == "I am sorry, I do not know that."


def test_a_tool_that_is_not_offered_is_not_used() -> None:
    knows = stand_in(say="Noted.", call={"name": "record_answer", "arguments": {"note": "x"}})
    assert knows.answer(asked("when", tools=[])).calls == ()
    assert knows.gaps == ["the model is offered no tool record_answer"]


def test_what_a_tool_has_no_field_for_is_left_out() -> None:
    arguments = {"decision": "confirmed", "new_time": "Friday"}
    knows = stand_in(call={"name": "record_answer", "arguments": arguments})
    (call,) = knows.answer(asked("when")).calls
    assert call.arguments == {"decision": "confirmed"}
    assert knows.gaps == ["record_answer has no field new_time"]


def test_a_value_that_may_not_be_chosen_is_not() -> None:
    knows = stand_in(call={"name": "record_answer", "arguments": {"decision": "moved"}})
    answer = knows.answer(asked("when"))
    assert (answer.say, answer.calls) == ("I am sorry, I do not know that.", ())
    assert knows.gaps == ["record_answer takes no 'moved' as decision"]


def test_null_and_what_is_on_the_list_may_be_chosen() -> None:
    for value in ("confirmed", None):
        knows = stand_in(call={"name": "record_answer", "arguments": {"decision": value}})
        assert knows.answer(asked("when")).calls[0].arguments == {"decision": value}


def test_in_another_language_it_understands_nobody() -> None:
    knows = stand_in(say="Soon.")
    assert knows.answer(asked("when", language="Spanish")).say == "Lo siento, no lo sé."
    assert knows.gaps == ["the prompt has it speak Spanish, and its callees speak English"]


def test_an_agent_that_follows_the_language_begins_in_its_own() -> None:
    knows = stand_in(say="Soon.")
    prompt = PROMPT + "- Speak the language that they speak; at first, English.\n"
    request = asked("when", prompt=prompt)
    assert knows.answer(request).say == "Soon."


def test_it_says_a_reply_once() -> None:
    knows = stand_in(say="It is soon enough.")
    said = {"role": "assistant", "content": "It is soon enough."}
    again = knows.answer(asked("when", before=[{"role": "user", "content": "when"}, said]))
    assert again.say == "I am sorry, could you say that again?"


def test_who_answered_was_a_person() -> None:
    form = {
        "type": "json_schema",
        "json_schema": {
            "name": "r", "strict": True,
            "schema": {
                "type": "object",
                "properties": {
                    "answered_by": {
                        "type": "object",
                        "properties": {"choice": {"type": "string", "enum": ["human", "menu"]}},
                    }
                },
            },
        },
    }  # fmt: skip
    request = ChatRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "?"}], "response_format": form}
    )
    knows = stand_in(say="Soon.")
    assert knows.answer(request).say == '{"answered_by": {"choice": "human"}}'
    assert knows.gaps == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_answers_whatever_it_is_sent(prompt: str, heard: str) -> None:
    knows = stand_in(needs=[TIME], say="It is on {{time}}.", call={"name": "end_call"})
    answer = knows.answer(asked(heard, prompt=prompt))
    assert answer.say
    assert answer.calls == ()  # end_call was not offered
