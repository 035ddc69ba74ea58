"""Who thinks, by the keys that there are."""

import pytest

from calls import agents
from calls.agent import Agent
from calls.ports import SecretMissingError
from calls.vendor_choice import Llm
from evals import minds
from evals.minds import MindError


def agent(*vendors: str) -> Agent:
    first, *others = vendors
    llm = Llm.model_validate({"vendor": first, "fallback": [{"vendor": v} for v in others]})
    return agents.load("reminder").model_copy(update={"llm": llm})


def test_without_a_key_a_stand_in_does() -> None:
    found = minds.find(agent("anthropic", "openai"), {"GROQ_API_KEY": "g"}, vendor=None)
    assert found.stands_in
    # A stand-in speaks one protocol, whatever the agent's vendor would.
    assert [choice.vendor for choice in found.agent.llm.choices] == ["groq"]
    assert minds.why_nobody_judges(found) == "no key: ANTHROPIC_API_KEY is not set"
    assert found.at("http://127.0.0.1:1/0/openai/v1").groq_base_url.endswith("/0/openai/v1")


def test_with_a_key_the_agents_own_does() -> None:
    environment = {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "https://llm.test/v1/"}
    found = minds.find(agent("openai", "groq"), environment, vendor=None)
    assert not found.stands_in
    assert found.told == "openai gpt-4.1"
    # Whom there is no key for would only fail.
    assert [choice.vendor for choice in found.agent.llm.choices] == ["openai"]
    assert found.choice.vendor == "openai"
    assert found.settings.openai_base_url == "https://llm.test/v1"
    assert minds.why_nobody_judges(found) is None


def test_a_fallback_with_a_key_does_alone() -> None:
    found = minds.find(agent("openai", "groq"), {"GROQ_API_KEY": "g"}, vendor=None)
    assert [choice.vendor for choice in found.agent.llm.choices] == ["groq"]


def test_either_may_be_asked_for() -> None:
    assert minds.find(agent("groq"), {"GROQ_API_KEY": "g"}, vendor=False).stands_in
    assert not minds.find(agent("groq"), {"GROQ_API_KEY": "g"}, vendor=True).stands_in
    with pytest.raises(MindError, match=r"GROQ_API_KEY is not set: put it into .env"):
        minds.find(agent("groq"), {"GROQ_API_KEY": ""}, vendor=True)


def test_a_stand_in_has_no_key_of_anybody() -> None:
    found = minds.find(agent("groq"), {"GROQ_API_KEY": "g", "OPENAI_API_KEY": "o"}, vendor=False)
    assert found.secrets.get("groq/api-key") == minds.STAND_IN_KEY
    with pytest.raises(SecretMissingError, match=r"set OPENAI_API_KEY in .env"):
        found.secrets.get("openai/api-key")
