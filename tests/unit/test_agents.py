"""Agents: a mistake in a file is named with file, field and reason."""

from pathlib import Path

import pytest

from calls import agents
from calls.agent import MissingVariableError
from calls.agents import UnknownAgentError
from calls.language import language
from calls.refused import AgentError

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
    assert amelia.greeting is not None
    assert amelia.opening == amelia.greeting  # she discloses all by herself
    greeting = amelia.render(amelia.greeting, {"customer_name": "Sarah"})
    for words in ("Hi Sarah", "Amelia", "AI assistant", "recorded", "order"):
        assert words in greeting


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("greeting: [", "tim.yaml: not YAML"),
        ("just words", "tim.yaml: expected fields"),
        ("greeting: Hi.", "tim.yaml: prompt: Field required"),
        (GOOD + "greting: x", "tim.yaml: greting: Extra inputs"),
        (
            GOOD + "stt: {vendor: nobody}",
            "tim.yaml: stt.vendor: Input should be 'deepgram'",
        ),
        (GOOD + "idle: {after_seconds: -1}", "tim.yaml: idle.after_seconds"),
        (
            GOOD + "language: xx",
            "tim.yaml: language: Value error, no language 'xx'; there are: de, en",
        ),
        (GOOD + "outcome: {type: string}", "tim.yaml: outcome: Value error, the schema has to be"),
        (GOOD + "outcome: {type: objekt}", "tim.yaml: outcome: Value error, not a JSON schema"),
        (GOOD + "answering: {voicemail: leave_message}", "needs a `message`"),
        (GOOD + "answering: {menu: navigate}", "needs a `menu_goal`"),
        (GOOD + "context_url: http://crm.example", "tim.yaml: context_url: Value error"),
        (
            GOOD + "tools: {transfer_call: {sales: {number: '12', description: x}}}",
            "tim.yaml: tools.transfer_call.sales.number",
        ),
        (
            GOOD + "tools: {http: {find: {description: x, url: 'https://10.0.0.1/'}}}",
            "tim.yaml: tools.http.find.url: Value error, the address is not a public one",
        ),
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


def test_a_context_that_does_not_come_leaves_no_gap(tmp_path: Path) -> None:
    """What only the CRM may know has to have a value that stands in for it: nobody is phoned to
    hear a text that cannot be filled."""
    agent = agents.read(written(tmp_path, GOOD + "context_url: https://crm.example.com/callee"))
    with pytest.raises(MissingVariableError, match="a value that stands in"):
        agent.check({})
    agent.check({"name": "Sarah"})
    agents.read(
        written(
            tmp_path,
            GOOD + "context_url: https://crm.example.com/callee\nvariables: {name: there}",
        )
    ).check({})


def test_a_variables_value_is_not_a_template(tmp_path: Path) -> None:
    agent = agents.read(written(tmp_path, GOOD))
    assert agent.render("{{name}}", {"name": "{{other}}"}) == "{{other}}"


def test_an_unknown_agent_is_told_of_the_others() -> None:
    with pytest.raises(UnknownAgentError, match="amelia"):
        agents.load("../amelia")


def test_what_a_greeting_does_not_disclose_is_said_after_it(tmp_path: Path) -> None:
    agent = agents.read(written(tmp_path, "greeting: Hi, Tim here.\nprompt: x"))
    assert agent.opening == "Hi, Tim here. I am an AI assistant. This call is recorded."
    assert agent.disclosed("Hi, this is an AI.") == "Hi, this is an AI. This call is recorded."


def test_what_is_disclosed_follows_the_agents_policies(tmp_path: Path) -> None:
    base = "greeting: Hola.\nprompt: x\nlanguage: es-MX\n"
    asked = agents.read(written(tmp_path, base + "recording: ask"))
    assert asked.opening == (
        "Hola. Soy un asistente de inteligencia artificial. ¿Puedo grabar esta llamada?"
    )
    silent = agents.read(written(tmp_path, base + "recording: never\nai_disclosure: false"))
    assert silent.opening == "Hola."


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", "Please stop calling me."),
        ("en", "Don't ever call me again"),
        ("en", "take me off your list"),
        ("es", "No me vuelva a llamar, por favor."),
        ("es", "Deje de llamar"),
    ],
)
def test_who_asks_never_to_be_called_is_understood(code: str, words: str) -> None:
    assert language(code).asks_to_stop(words)


@pytest.mark.parametrize(
    "words", ["You can call me back tomorrow.", "I called you.", "Stop, wait.", "Do not worry."]
)
def test_other_words_are_no_such_request(words: str) -> None:
    assert not language("en").asks_to_stop(words)
