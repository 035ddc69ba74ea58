import json
from typing import Any

import pytest

from rehearsal import scenario
from rehearsal.llm.chat import ChatRequest
from rehearsal.llm.conversation import Answer, answer, given, part
from rehearsal.scenario import Llm, Reply, ToolCall

SYSTEM = {"role": "system", "content": "You call Sarah."}
LONG = "I am so happy to hear that. Let me tell you about our club."
LLM = Llm(
    replies=(
        Reply(heard="silent", say="Are you still there?"),
        Reply(heard="arrived", say=LONG),
        Reply(heard="arrived|return", say="Of course. You have thirty days."),
        Reply(heard="repeat", say="Once more.", again=True),
        Reply(heard="bye", say="Goodbye!", call=ToolCall(name="end_call")),
        Reply(heard="order", call=ToolCall(name="look_up", arguments={"order": 7})),
    ),
    otherwise="Pardon?",
)


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def agent(text: str | None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def called(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": "1", "type": "function", "function": function}


RECORDED = {"role": "tool", "tool_call_id": "1", "content": '{"status": "recorded"}'}


def tools(*names: str) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": name}} for name in names]}


def answered(*messages: dict[str, Any], **more: Any) -> Answer:
    body = {"model": "m", "messages": [SYSTEM, *messages], **more}
    return answer(LLM, ChatRequest.model_validate(body))


def test_the_first_reply_that_matches() -> None:
    assert answered(user("They ARRIVED on Tuesday.")).say == LONG


def test_what_was_said_is_not_said_again() -> None:
    history = (user("They arrived."), agent(LONG), user("They arrived!"))
    assert answered(*history).say == "Of course. You have thirty days."


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (LONG, True),
        ("i am so happy to hear that let me tell you about our club", True),
        ("I am so", True),
        ("I am so happy to hear that. Let me", True),
        ("Well then. I am so happy to", True),
        ("I am", False),
        ("I am so glad", False),
        ("I am so happy, but", False),
        ("", False),
    ],
)
def test_an_interrupted_reply_was_said(heard: str, said: bool) -> None:
    history = ChatRequest.model_validate({"model": "m", "messages": [SYSTEM, agent(heard)]})
    assert given(LONG, (), history.answers) is said


def test_a_short_reply_was_said_only_as_a_whole() -> None:
    whole = ChatRequest.model_validate({"model": "m", "messages": [agent("No thanks")]})
    begun = ChatRequest.model_validate({"model": "m", "messages": [agent("No")]})
    assert given("No, thanks.", (), whole.answers)
    assert not given("No, thanks.", (), begun.answers)


def test_two_replies_with_the_same_beginning_are_two() -> None:
    history = ChatRequest.model_validate(
        {"model": "m", "messages": [agent("Great to meet you, Tom. How are you?")]}
    )
    assert not given("Great to meet you, Sarah.", (), history.answers)


def test_an_apostrophe_may_be_lost() -> None:
    history = ChatRequest.model_validate({"model": "m", "messages": [agent("Im so sorry")]})
    assert given("I’m so sorry.", (), history.answers)


def test_a_reply_may_be_for_ever() -> None:
    history = (user("Repeat."), agent("Once more."), user("Repeat."))
    assert answered(*history).say == "Once more."


def test_otherwise() -> None:
    assert answered(user("Is it raining?")).say == "Pardon?"


def test_the_last_message_counts_unless_it_is_the_agents_own() -> None:
    assert answered(user("They arrived."), user("What about returns?")).say.startswith("Of course")
    assert answered(user("They arrived."), agent("Hm.")).say == LONG


def test_an_answer_in_two_pieces_is_answered_by_either() -> None:
    assert answered(user("They arrived."), user("Mumble mumble.")).say == LONG


def test_the_leading_system_message_is_not_heard_but_a_later_one_is() -> None:
    opening = {"role": "system", "content": "If they are silent, ask."}
    body = {"model": "m", "messages": [opening]}
    assert answer(LLM, ChatRequest.model_validate(body)).say == "Pardon?"
    later = {"role": "developer", "content": "The user is silent."}
    assert answered(agent("Hello."), later).say == "Are you still there?"


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "They"}, {"type": "text", "text": "arrived."}]
    assert answered(user(parts)).say == LONG


def test_a_tool_is_called_only_where_it_is_offered() -> None:
    assert answered(user("Bye."), **tools("end_call")).calls == (ToolCall(name="end_call"),)
    assert answered(user("Bye.")) == Answer("Goodbye!")
    assert answered(user("Bye."), **tools("other")).calls == ()
    assert answered(user("Bye."), **tools("end_call"), tool_choice="none").calls == ()


def test_a_tool_without_words_is_called_once() -> None:
    offered = tools("look_up")
    call = called("look_up", {"order": 7})
    wanted = ToolCall(name="look_up", arguments={"order": 7})
    assert answered(user("My order?"), **offered).calls == (wanted,)
    result = {"role": "tool", "tool_call_id": "1", "content": "The order is here."}
    history = (user("My order?"), agent(None, tool_calls=[call]), result)
    assert answered(*history, **offered).say == "Pardon?"


def test_a_tool_is_called_again_with_other_arguments() -> None:
    def record(**arguments: Any) -> ToolCall:
        return ToolCall(name="record_answer", arguments=arguments)

    both = (record(question="b"), ToolCall(name="end_call"))
    llm = Llm(
        replies=(
            Reply(heard="four", call=record(rating=4)),
            Reply(heard="yes", call=both),
            Reply(heard="recorded", say="Would you recommend it?"),
        )
    )
    messages = [SYSTEM, user("Four.")]

    def says() -> Answer:
        body = {"model": "m", "messages": messages, **tools("record_answer", "end_call")}
        return answer(llm, ChatRequest.model_validate(body))

    assert says() == Answer("", (record(rating=4),))
    messages += [agent(None, tool_calls=[called("record_answer", {"rating": 4})]), RECORDED]
    assert says() == Answer("Would you recommend it?")
    messages += [agent("Would you recommend it?"), user("Yes.")]
    assert says() == Answer("", both)
    # Pipecat tells the calls of one answer as a message each.
    messages += [agent(None, tool_calls=[called("record_answer", {"question": "b"})]), RECORDED]
    messages += [agent(None, tool_calls=[called("end_call", {})]), RECORDED]
    assert says().say == llm.otherwise


def test_a_time_is_counted_from_the_one_that_a_tool_tells() -> None:
    llm = Llm(
        replies=(
            Reply(
                heard="hour",
                call=ToolCall(name="schedule_callback", arguments={"at": "{{+90 min}}", "n": 1}),
            ),
        )
    )
    there = {"name": "schedule_callback", "description": "It was Sunday, 2026-11-22T23:10, there."}
    body = {"messages": [user("In an hour.")], "tools": [{"type": "function", "function": there}]}
    (call,) = answer(llm, ChatRequest.model_validate({"model": "m", **body})).calls
    assert call.arguments == {"at": "2026-11-23T00:40", "n": 1}


def test_the_scenario_is_found_by_the_system_message() -> None:
    sarah, tom, other = Llm(match="sarah"), Llm(match="Tom"), Llm()
    scenarios = {"a": sarah, "b": tom, "c": other}
    assert part(scenarios, "c", "You call Sarah.") is sarah
    assert part(scenarios, "c", "You call nobody.") is other


def test_of_two_scenarios_the_rehearsed_one_answers() -> None:
    one, two = Llm(match="Sarah", otherwise="1"), Llm(match="Sarah", otherwise="2")
    assert part({"a": one, "b": two}, "b", "Sarah") is two


def test_the_order_check_goes_to_its_end() -> None:
    """As the product will tell it, with the long reply interrupted."""
    llm = scenario.load("order-check").llm
    messages = [SYSTEM, agent("Hi Sarah, this is Amelia. Do you have a minute?")]

    def says(heard: dict[str, Any]) -> str:
        messages.append(heard)
        body = {"model": "m", "messages": messages, **tools("end_call")}
        found = answer(llm, ChatRequest.model_validate(body))
        spoken = " ".join(found.say.split()[:14])
        messages.append(agent(spoken))
        return " ".join([found.say, *(f"[{call.name}]" for call in found.calls)])

    assert "do they fit" in says(user("Hi, yes, this is Sarah. I have a minute."))
    assert "members club" in says(user("Yes, they arrived on Tuesday. thank you. They fit."))
    assert "thirty days" in says(user("Sorry, can I stop you there? How long do I have?"))
    assert "still there" in says({"role": "developer", "content": "The user has been silent."})
    last = says(user("Yes, I am still here. That is everything, thank you."))
    assert last.endswith("Goodbye! [end_call]")


def test_a_part_for_what_somebody_said_goes_first() -> None:
    any_, robot = Llm(match="Harper"), Llm(match="Harper", after="talking to a robot")
    scenarios = {"a": any_, "b": robot, "c": Llm()}
    assert part(scenarios, "c", "You are Harper.", "Hello? My name is Anna.") is any_
    assert part(scenarios, "c", "You are Harper.", "Am I talking to a robot?") is robot
    assert part(scenarios, "b", "You are Harper.", "Hello?") is any_
