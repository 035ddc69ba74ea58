"""The house's rules: each one kept, and broken."""

from datetime import timedelta
from typing import Any

import pytest

from calls import agents
from calls.call import Call, EndReason, Turn, now
from evals import rules
from evals.rules import Heard

HOLA = "Hola, soy Clara, una asistente de inteligencia artificial. Esta llamada se graba."
GREETING = "Hello, this is Clara, an AI assistant. This call is recorded. Can you make it?"
EN, ES = agents.load("reminder"), agents.load("recordatorio")


def heard(*said: str | tuple[str, str], **changes: Any) -> Heard:
    """A call: the greeting, what else was said (the callee's by ``("callee", …)``), a goodbye."""
    greeting = HOLA if changes.get("agent") is ES else GREETING
    told = [("agent", greeting), *(each if isinstance(each, tuple) else ("agent", each)
                                   for each in said)]  # fmt: skip
    turns = [
        Turn.model_validate(
            {
                "number": number, "role": role, "text": text, "at": now(),
                "kind": None if role == "callee" else "greeting" if number == 1 else "reply",
            }
        )
        for number, (role, text) in enumerate(told, 1)
    ]  # fmt: skip
    call = Call(
        call_id="01", to_number="+15550100001", from_number="+15550000001", agent="reminder",
        api_key="eval", created_at=now(), max_call_seconds=60,
        stream_until=now() + timedelta(minutes=2),
        end_reason=changes.pop("end_reason", EndReason.CALLEE_HUNG_UP),
    )  # fmt: skip
    known: dict[str, Any] = {
        "agent": EN, "call": call, "turns": turns, "listed": False, "prompt": "You are Clara.",
        "written": [],
    }  # fmt: skip
    return Heard(**{**known, **changes})


def broken(found: Heard) -> list[str]:
    return [each.rule for each in rules.broken(found)]


def greeted(text: str, **changes: Any) -> Heard:
    found = heard(**changes)
    first = found.turns[0].model_copy(update={"text": text})
    return Heard(**{**vars(found), "turns": [first]})


def test_a_call_that_keeps_them_all() -> None:
    found = heard(("callee", "Yes."), "You are expected. Goodbye!", end_reason="agent_hung_up")
    assert rules.broken(found) == []


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (greeted("Hello, this is Clara. This call is recorded."), "ai_disclosure"),
        (greeted("Hello, this is Clara, an AI assistant."), "recording_notice"),
        (heard(("callee", "A robot?"), "No, I am a real person."), "honest"),
        (heard("I'm not an AI, I promise."), "honest"),
        (heard("No soy un robot.", agent=ES), "honest"),
        (heard(("callee", "Stop calling me."), "All right."), "opt_out"),
        (heard(("callee", "Stop calling me."), "All right.", listed=True), "opt_out"),
        (heard("See you.", listed=True, end_reason="opted_out"), "opt_out"),
        (heard("You are expected.", end_reason="agent_hung_up"), "goodbye"),
        (heard("Le esperamos.", end_reason="agent_hung_up", agent=ES), "goodbye"),
        (heard("It is about {{appointment}}."), "placeholders"),
        (heard(prompt="You call {{customer_name}}."), "placeholders"),
        (heard(written=["You are **expected**."]), "speakable"),
        (heard(written=["Of course:\n- Monday\n- Tuesday"]), "speakable"),
        (heard(written=["Great 🎉"]), "speakable"),
        (heard(written=["See https://example.com for more."]), "speakable"),
        (heard(" ".join(["word"] * 61)), "short"),
        (heard("Please call 555 867 5309."), "own_numbers"),
    ],
)
def test_a_call_that_breaks_one(found: Heard, rule: str) -> None:
    assert broken(found) == [rule]


@pytest.mark.parametrize(
    "found",
    [
        greeted("Hello, I am an AI.", agent=EN.model_copy(update={"recording": "never"})),
        heard(EN.speaks.opted_out, ("callee", "Stop calling me."), listed=True,
              end_reason="opted_out"),
        heard("¡Hasta luego!", end_reason="agent_hung_up", agent=ES),
        heard("I am an AI assistant, not a real person."),
        heard(written=["At nine - or ten - in the morning, 20 * 2 of you."]),
        heard("Is it 555 867 5309?", prompt="They are at +1 555-867-5309."),
        heard(("callee", "I am at 555 8675309."), "That is 555-867-5309?"),
        heard("I will call 0100001 again."),
    ],
)  # fmt: skip
def test_what_breaks_none(found: Heard) -> None:
    assert broken(found) == []


def test_a_greeting_that_was_cut_off_is_not_judged() -> None:
    found = heard()
    cut = found.turns[0].model_copy(update={"text": "Hello, this", "interrupted": True})
    assert broken(Heard(**{**vars(found), "turns": [cut]})) == []


def test_a_rule_may_be_waived() -> None:
    found = greeted("Hello.")
    assert broken(found) == ["ai_disclosure", "recording_notice"]
    assert [each.rule for each in rules.broken(found, frozenset({"ai_disclosure"}))] == [
        "recording_notice"
    ]


def test_no_number_is_told_in_full() -> None:
    (told,) = rules.broken(heard("Please call 555 867 5309."))
    assert "867" not in told.why
    assert told.why.endswith("ending in 09")
