"""Agents: a mistake in a file is named with file, field and reason."""

from pathlib import Path

import pytest

from calls import agents
from calls.agents import AgentError, MissingVariableError, UnknownAgentError

GOOD = """
greeting: Hi {{name}}, this call is recorded.
prompt: You are friendly.
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "tim.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", agents.names())
def test_every_shipped_agent_is_right(name: str) -> None:
    agent = agents.load(name)
    agent.check({})
    assert agent.name == name


def test_amelia_introduces_herself_and_says_why_she_calls() -> None:
    amelia = agents.load("amelia")
    greeting = amelia.render(amelia.greeting, {"customer_name": "Sarah"})
    for words in ("Hi Sarah", "Amelia", "AI assistant", "recorded", "order"):
        assert words in greeting


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("greeting: [", "tim.yaml: not YAML"),
        ("just words", "tim.yaml: expected fields"),
        ("prompt: x", "tim.yaml: greeting: Field required"),
        (GOOD + "greting: x", "tim.yaml: greting: Extra inputs"),
        (GOOD + "stt: {vendor: nobody}", "tim.yaml: stt.vendor: Input should be 'deepgram'"),
        (GOOD + "idle: {after_seconds: -1}", "tim.yaml: idle.after_seconds"),
        ("greeting: Hi.\nprompt: x", "the greeting has to say that the call is recorded"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(AgentError) as caught:
        agents.read(written(tmp_path, text))
    assert words in str(caught.value)


def test_variables_are_put_in_and_missing_ones_named(tmp_path: Path) -> None:
    agent = agents.read(written(tmp_path, GOOD + "variables: {other: 1}"))
    assert agent.render("{{ name }} and {{other}}", {"name": "Sarah"}) == "Sarah and 1"
    with pytest.raises(MissingVariableError, match="name"):
        agent.check({})


def test_a_variables_value_is_not_a_template(tmp_path: Path) -> None:
    agent = agents.read(written(tmp_path, GOOD))
    assert agent.render("{{name}}", {"name": "{{other}}"}) == "{{other}}"


def test_an_unknown_agent_is_told_of_the_others() -> None:
    with pytest.raises(UnknownAgentError, match="amelia"):
        agents.load("../amelia")
