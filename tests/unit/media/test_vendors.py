"""An agent's choices, as they reach the vendors' services."""

from typing import Any, get_args

import pytest
from pipecat.services.groq.llm import GroqLLMService

from calls.agent import Agent
from calls.settings import Settings
from calls.vendor_choice import Llm, Stt, Tts
from media_service import vendors as registry
from media_service.vendors import Vendors
from tests.fakes import FakeSecrets


@pytest.fixture
def vendors() -> Vendors:
    secrets = FakeSecrets({"deepgram/api-key": "d", "groq/api-key": "g"})
    settings = Settings(
        deepgram_base_url="ws://127.0.0.1:1", groq_base_url="http://127.0.0.1:2/openai/v1"
    )
    return Vendors(settings, secrets)


def agent(**choices: Any) -> Agent:
    return Agent(name="a", greeting="Hi.", prompt="Be brief.", recording="never", **choices)


@pytest.mark.parametrize(
    ("section", "table"), [(Stt, registry.STT), (Llm, registry.LLM), (Tts, registry.TTS)]
)
def test_every_vendor_that_an_agent_may_name_has_an_entry(section: Any, table: Any) -> None:
    assert set(get_args(section.model_fields["vendor"].annotation)) == set(table)


async def test_the_llm_is_asked_as_the_agent_says(vendors: Vendors) -> None:
    chosen = agent(
        llm={"model": "m", "reasoning_effort": "low", "temperature": 0.2, "max_tokens": 99}
    )
    llm = vendors.llm(chosen, "Be brief.")
    assert isinstance(llm, GroqLLMService)
    asked = llm.build_chat_completion_params({"messages": []})  # type: ignore[typeddict-item]
    assert (asked["model"], asked["reasoning_effort"]) == ("m", "low")
    assert (asked["temperature"], asked["max_completion_tokens"]) == (0.2, 99)
    await vendors.aclose()


async def test_what_the_agent_does_not_say_is_not_asked(vendors: Vendors) -> None:
    llm = vendors.llm(agent(), "Be brief.")
    assert isinstance(llm, GroqLLMService)
    asked = llm.build_chat_completion_params({"messages": []})  # type: ignore[typeddict-item]
    assert asked["model"] == "openai/gpt-oss-120b"
    assert "reasoning_effort" not in asked
    await vendors.aclose()


async def test_calls_share_one_pool(vendors: Vendors) -> None:
    vendors.warm()
    assert vendors.http is vendors.http
    await vendors.aclose()
    assert vendors.http.is_closed
