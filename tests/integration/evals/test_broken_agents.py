"""An agent's file that somebody broke is caught, by a row that says why.

Every one of these changes leaves a file that ``dialout agents check`` finds right.
"""

import asyncio
from pathlib import Path

import pytest

from calls import agents
from evals import minds, suite, trying
from evals.evaluation import Evaluation

READ = agents.FOLDER / "reminder.yaml"
BROKEN: dict[str, tuple[dict[str, str], str, str]] = {
    "the time of the appointment": (
        {"to remind them of {{appointment}}.": "to remind them of an appointment."},
        "confirms", "the prompt says nothing like /remind them of your appointment on",
    ),
    "what to do with who wants another time": (
        {"ask which day and what time suits them, unless they said so.": "be glad."},
        "moves", "the prompt says nothing like /want another time",
    ),
    "that it never claims to be a person": (
        {"Never claim to be a person.": ""},
        "is-it-a-robot", "the prompt says nothing like /Never claim to be a person/",
    ),
    "the tool that calls back": (
        {"  schedule_callback: true": "  send_digits: true"},
        "bad-moment", "the model is offered no tool schedule_callback",
    ),
    "a field of the outcome": (
        {
            '    new_time:\n      type: [string, "null"]\n': "",
            "      description: The day and time that they asked for instead, in their"
            " words.\n": "",
        },
        "moves", "record_answer has no field new_time",
    ),
    "a value of the outcome": (
        {"enum: [confirmed, moved, cancelled, null]": "enum: [confirmed, moved, null]"},
        "cancels", "record_answer takes no 'cancelled' as decision",
    ),
    "the whole outcome": (
        {"outcome:": "tools: {}\nx_outcome:"},
        "confirms", "the model is offered no tool record_answer",
    ),
    "that an AI speaks": (
        {"this is Clara, an AI assistant calling": "this is Clara, calling",
         "language: en": "language: en\nai_disclosure: false"},
        "confirms", "ai_disclosure: its first words do not say that an AI speaks",
    ),
    "the language": (
        {"language: en": "language: es"},
        "confirms", "the prompt has it speak Spanish, and its callees speak English",
    ),
    "the key that opts out": (
        {'opt_out_key: "9"': ""},
        "presses-nine", "the number is not on the do-not-call list",
    ),
    "a variable's name": (
        {"You are Clara, an assistant of {{company}}.": "You are Clara of {{clinic}}."},
        "confirms", "needs the variables clinic",
    ),
}  # fmt: skip
"""What is missing: the change, the callee who finds out, and why it fails."""


def broken(folder: Path, changes: dict[str, str]) -> Path:
    text = READ.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    if "x_outcome" in text:
        text = text[: text.index("tools: {}")] + text[text.index("tools:\n") :]
    folder.mkdir()
    (folder / "reminder.yaml").write_text(text, encoding="utf-8")
    return folder / "reminder.yaml"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evaluation]:
    read = suite.read(suite.FOLDER / "reminder.yaml")
    folder = tmp_path_factory.mktemp("agents")

    async def one(number: int, changes: dict[str, str], callee: str, free: asyncio.Semaphore):
        agent = agents.read(broken(folder / str(number), changes))
        asked = [each for each in read.callees if each.name == callee]
        thinks = minds.find(agent, {}, vendor=None)
        (row,) = (await trying.attempt(read, asked, thinks, free=free)).rows
        return row

    async def every() -> list[Evaluation]:
        free = asyncio.Semaphore(trying.AT_A_TIME)
        return await asyncio.gather(
            *(one(n, each[0], each[1], free) for n, each in enumerate(BROKEN.values()))
        )

    return dict(zip(BROKEN, asyncio.run(every()), strict=True))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("missing", BROKEN)
def test_what_is_missing_is_caught(rows: dict[str, Evaluation], missing: str) -> None:
    row, (_, _, why) = rows[missing], BROKEN[missing]
    assert row.status == "failed"
    assert any(why in each for each in row.why), row.why


@pytest.mark.timeout(240)
def test_what_the_call_lacks_is_told_too(rows: dict[str, Evaluation]) -> None:
    field = rows["a field of the outcome"]
    assert field.outcome_right is False
    assert "the outcome's new_time is not there, not like /thursday.*(three|3)/" in field.why
    assert [each.rule for each in rows["that an AI speaks"].rules_broken] == ["ai_disclosure"]
    assert "I am sorry, I do not know that." in [
        turn["text"] for turn in rows["the time of the appointment"].transcript
    ]
