"""What came of a call, found out after its end."""

import json
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import outcome
from calls.adapters.strict_schema import strict
from calls.agent import Agent
from calls.agents import UnknownAgentError
from calls.call import Call, EndReason, Turn
from calls.debrief import (
    ATTEMPTS,
    DELAYS_SECONDS,
    Debriefer,
    answer_schema,
    seconds_to_next,
    settled,
)
from calls.ports import CallNotFoundError, CompletionError, UnreadableAnswerError
from tests.fakes import FakeCallRecords, FakeCompletion
from tests.unit.test_call import AT, made

SURVEY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "rating": {"type": "integer", "minimum": 1, "maximum": 5},
        "recommends": {"type": "string", "enum": ["yes", "no"]},
        "comment": {"type": "string"},
        "tags": {"$ref": "#/$defs/tags"},
    },
    "required": ["rating"],
    "$defs": {"tags": {"type": "array", "items": {"type": "string"}}},
}
SAID: dict[str, Any] = {"rating": 4, "recommends": "yes", "comment": None, "tags": None}
GOOD = {"summary": " They gave a four. ", "disposition": "completed", "outcome": SAID}
TALK = [
    Turn(number=1, role="agent", text="From one to five?", at=AT),
    Turn(number=2, role="callee", text="Four. I'd recommend it.", at=AT),
]
LATER = AT + timedelta(minutes=5)


def agent(**fields: Any) -> Agent:
    return Agent.model_validate({"name": "survey", "prompt": "Ask.", "outcome": SURVEY, **fields})


class Debriefing:
    """A call with its turns, and whoever debriefs it."""

    def __init__(
        self,
        *answers: dict[str, Any] | Exception,
        reason: EndReason = EndReason.AGENT_HUNG_UP,
        turns: list[Turn] = TALK,
        agent: Agent = agent(),  # noqa: B008 -- frozen
        **fields: Any,
    ) -> None:
        self.records = FakeCallRecords()
        self.llm = FakeCompletion(list(answers) or [GOOD])
        call = made(active_leg=1, answered_at=AT, **fields).end(reason, AT)
        self.call_id = call.call_id
        self.records.create(call)
        for turn in turns:
            self.records.append_turn(self.call_id, 1, turn)
        self.debriefer = Debriefer(self.records, self.llm, lambda _: agent, lambda: LATER)

    def done(self) -> Call:
        return self.debriefer.debrief(self.call_id)


def test_a_conversation_becomes_data() -> None:
    debriefing = Debriefing()
    call = debriefing.done()
    assert call == debriefing.records.get(call.call_id)
    assert (call.summary, call.disposition) == ("They gave a four.", "completed")
    assert call.outcome == SAID
    assert call.debriefed_at == LATER
    assert call.timeline[-1].event == "analyzed"
    assert len(debriefing.llm.asked) == 1


def test_the_llm_is_told_who_said_what_and_nothing_else_of_the_call() -> None:
    debriefing = Debriefing(variables={"customer_name": "Sarah"}, metadata={"crm": "77-1"})
    debriefing.done()
    ((messages, schema),) = debriefing.llm.asked
    assert [message["role"] for message in messages] == ["system", "user"]
    told = json.dumps(messages) + json.dumps(schema)
    call = debriefing.records.get(debriefing.call_id)
    for secret in (call.to_number, call.from_number, call.call_id, "Sarah", "77-1", "tests"):
        assert secret not in told
    listed = messages[1]["content"].partition(": ")[2]
    assert json.loads(listed) == [{turn.role: turn.text} for turn in TALK]
    assert json.dumps(outcome.view(SURVEY)) in messages[0]["content"]


def test_what_was_recorded_in_the_call_stands_unless_it_is_null_or_does_not_fit() -> None:
    recorded = {"rating": 5, "recommends": "maybe", "comment": None, "invented": 1}
    read = {**SAID, "comment": "Quick"}
    call = Debriefing({**GOOD, "outcome": read}, outcome=recorded).done()
    assert call.outcome == {"rating": 5, "recommends": "yes", "comment": "Quick", "tags": None}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (UnreadableAnswerError(), "not one JSON object"),
        ({**GOOD, "outcome": {"rating": 9}}, "outcome: rating: 9 is greater than"),
        ({**GOOD, "disposition": "opted_out"}, "disposition has to be one of completed, "),
        ({"disposition": "completed", "outcome": {}}, "summary has to be a text"),
        ({"summary": "", "disposition": "unknown"}, "outcome has to be an object"),
    ],
)
def test_a_wrong_answer_may_be_mended_once(answer: Any, told: str) -> None:
    debriefing = Debriefing(answer, GOOD)
    assert debriefing.done().outcome == SAID
    messages, _ = debriefing.llm.asked[1]
    assert messages[-1]["role"] == "user"
    assert told in messages[-1]["content"]
    roles = [message["role"] for message in messages]
    assert roles[:2] == ["system", "user"]
    # What it answered, where that could be read.
    assert roles[2:-1] == ([] if isinstance(answer, Exception) else ["assistant"])


def test_of_an_answer_that_stays_wrong_what_fits_is_kept() -> None:
    wrong = {"summary": "A call.", "disposition": "fine", "outcome": {**SAID, "rating": 9, "x": 1}}
    debriefing = Debriefing(wrong)
    call = debriefing.done()
    assert len(debriefing.llm.asked) == 2
    assert (call.summary, call.disposition) == ("A call.", "completed")
    assert call.outcome == {**SAID, "rating": None}


def test_an_end_that_tells_it_outweighs_what_the_llm_says() -> None:
    call = Debriefing(reason=EndReason.TRANSFERRED).done()
    assert (call.disposition, call.summary) == ("transferred", "They gave a four.")


@pytest.mark.parametrize("turns", [[], TALK[:1]])
def test_where_nobody_said_anything_no_llm_is_asked(turns: list[Turn]) -> None:
    debriefing = Debriefing(reason=EndReason.CALLEE_HUNG_UP, turns=turns)
    call = debriefing.done()
    assert debriefing.llm.asked == []
    assert (call.summary, call.disposition) == (None, "no_response")
    assert call.outcome == dict.fromkeys(SURVEY["properties"])


def test_without_an_outcome_there_is_a_summary_all_the_same() -> None:
    answer = {"summary": "They talked.", "disposition": "not_interested"}
    debriefing = Debriefing(answer, agent=agent(outcome=None))
    call = debriefing.done()
    assert (call.summary, call.disposition, call.outcome) == (
        "They talked.", "not_interested", None,
    )  # fmt: skip
    ((messages, schema),) = debriefing.llm.asked
    assert list(schema["properties"]) == ["summary", "disposition"]
    assert "outcome" not in messages[0]["content"]


def test_the_summary_is_in_the_agents_language() -> None:
    debriefing = Debriefing(agent=agent(language="es"))
    debriefing.done()
    assert "sentences in Spanish" in debriefing.llm.asked[0][0][0]["content"]


def test_doing_it_twice_is_doing_it_once() -> None:
    debriefing = Debriefing()
    call = debriefing.done()
    assert debriefing.done() == call
    assert len(debriefing.llm.asked) == 1


def test_while_the_llm_does_not_answer_nothing_is_settled() -> None:
    debriefing = Debriefing(CompletionError("no answer"), outcome={"rating": 5})
    with pytest.raises(CompletionError):
        debriefing.done()
    call = debriefing.records.get(debriefing.call_id)
    assert (call.debriefed_at, call.outcome) == (None, {"rating": 5})


def test_what_is_given_up_keeps_what_was_recorded_and_may_be_done_later() -> None:
    debriefing = Debriefing(outcome={"rating": 5, "comment": 7})
    call = debriefing.debriefer.give_up(debriefing.call_id)
    assert call.outcome == {**dict.fromkeys(SURVEY["properties"]), "rating": 5}
    assert (call.summary, call.disposition) == (None, "completed")
    assert debriefing.debriefer.give_up(debriefing.call_id) == call

    later = debriefing.done()
    assert (later.summary, later.debriefed_at) == ("They gave a four.", call.debriefed_at)
    assert later.outcome == {**SAID, "rating": 5}


def test_an_agent_that_is_gone_keeps_no_call_from_being_settled() -> None:
    debriefing = Debriefing(outcome={"rating": 5})

    def gone(name: str) -> Agent:
        raise UnknownAgentError(name)

    debriefer = Debriefer(debriefing.records, debriefing.llm, gone)
    with pytest.raises(UnknownAgentError):
        debriefer.debrief(debriefing.call_id)
    call = debriefer.give_up(debriefing.call_id)
    assert (call.outcome, call.disposition) == ({"rating": 5}, "completed")
    with pytest.raises(CallNotFoundError):
        debriefer.debrief("01ARZ3NDEKTSV4RRFFQ69G5FAW")


def test_every_attempt_is_later_than_the_one_before_until_the_last() -> None:
    for attempt in range(1, ATTEMPTS):
        assert tuple(sorted(DELAYS_SECONDS)) == DELAYS_SECONDS
        sooner, later = (seconds_to_next(attempt, chance) for chance in (0, 1))
        assert sooner is not None
        assert later is not None
        assert sooner < DELAYS_SECONDS[attempt - 1] < later
    assert seconds_to_next(ATTEMPTS, 0.5) is None


def test_the_answers_schema_is_one_that_vendors_keep_to() -> None:
    schema = answer_schema(agent())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(GOOD, schema)
    jsonschema.validate({**GOOD, "outcome": {**SAID, "tags": ["a"]}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**GOOD, "outcome": {**SAID, "tags": [1]}}, schema)
    held = strict(schema)
    assert held["properties"]["outcome"]["required"] == list(SURVEY["properties"])
    assert "minimum" not in json.dumps(held)
    jsonschema.validate(GOOD, held)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
VALUES = st.dictionaries(
    st.sampled_from([*SURVEY["properties"], "more"]),
    ANYTHING | st.integers(1, 5) | st.sampled_from(["yes", "no"]) | st.just(["a"]),
)


@given(st.none() | VALUES, st.none() | VALUES)
def test_whatever_was_recorded_and_read_the_whole_fits(
    recorded: dict[str, Any] | None, read: dict[str, Any] | None
) -> None:
    whole = settled(SURVEY, recorded, read)
    assert list(whole) == list(SURVEY["properties"])
    jsonschema.validate(whole, outcome.view(SURVEY))
    for name, value in (recorded or {}).items():
        if value is not None and not outcome.validate(SURVEY, {name: value}):
            assert whole[name] == value


@given(ANYTHING, ANYTHING, ANYTHING)
def test_no_answer_breaks_it(summary: Any, disposition: Any, said: Any) -> None:
    debriefing = Debriefing({"summary": summary, "disposition": disposition, "outcome": said})
    call = debriefing.done()
    assert call.debriefed_at == LATER
    assert Call.model_validate_json(call.model_dump_json()) == call
    jsonschema.validate(call.outcome, outcome.view(SURVEY))
