"""An agent's choices, as they reach the vendors' services."""

import importlib.util
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
from pipecat.services.anthropic.llm import AnthropicLLMService
from pipecat.services.cartesia.tts import CartesiaTTSService
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.deepgram.tts import DeepgramTTSService
from pipecat.services.groq.llm import GroqLLMService
from pipecat.services.groq.stt import GroqSTTService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService

from calls.agent import Agent
from calls.settings import Settings
from calls.vendor_choice import LEFT_OUT, LLM_MODELS, STT_MODELS, TTS_MODELS, Llm, Stt, Tts
from media_service.failover import LlmStage, SttStage, TtsStage
from media_service.vendors import VendorMissingError, Vendors, deepgram, registry
from tests.fakes import FakeSecrets

BASE = "http://127.0.0.1:1"
KEYS = ("deepgram", "groq", "openai", "anthropic", "cartesia")


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    settings = Settings(
        deepgram_base_url="ws://127.0.0.1:1", groq_base_url=f"{BASE}/groq/v1",
        openai_base_url=f"{BASE}/openai/v1", anthropic_base_url=f"{BASE}/anthropic",
        cartesia_base_url="ws://127.0.0.1:1",
    )  # fmt: skip
    made = Vendors(settings, FakeSecrets({f"{name}/api-key": f"key-of-{name}" for name in KEYS}))
    yield made
    await made.aclose()


def agent(**choices: Any) -> Agent:
    return Agent(name="a", greeting="Hi.", prompt="Be brief.", recording="never", **choices)


@pytest.mark.parametrize(
    ("section", "table", "models"),
    [
        (Stt, registry.STT, STT_MODELS),
        (Llm, registry.LLM, LLM_MODELS),
        (Tts, registry.TTS, {"deepgram": None, **TTS_MODELS}),
    ],
)
def test_every_vendor_that_an_agent_may_name_has_an_entry_and_a_model(
    section: Any, table: Any, models: Any
) -> None:
    named = set(get_args(section.model_fields["vendor"].annotation))
    assert named == set(table) == set(models)
    for vendor in named:
        assert section(vendor=vendor).model == models[vendor]


# Listening.


@pytest.mark.parametrize(
    ("language", "detect", "asked"),
    [
        ("en", False, "en"), ("en-GB", False, "en-GB"), ("es-MX", False, "es-419"),
        ("es-ES", False, "es"), ("it-IT", False, "it"), ("pt-BR", False, "pt-BR"),
        ("es", True, "multi"),
    ],
)  # fmt: skip
async def test_deepgram_is_asked_to_hear_the_agents_language(
    vendors: Vendors, language: str, detect: bool, asked: str
) -> None:
    voice = {"voice": "v"}
    stt = vendors.stt(agent(language=language, detect_language=detect, tts=voice))
    assert isinstance(stt, DeepgramSTTService)
    assert (stt._settings.model, stt._settings.language) == ("nova-3", asked)
    assert stt._settings.endpointing is False
    assert stt._client._client_wrapper.get_environment().production == "ws://127.0.0.1:1"


@pytest.mark.parametrize(
    ("vendor", "kind", "model"),
    [
        ("groq", GroqSTTService, "whisper-large-v3-turbo"),
        ("openai", OpenAISTTService, "gpt-transcribe"),
    ],
)
async def test_ears_over_http(vendors: Vendors, vendor: str, kind: Any, model: str) -> None:
    stt = vendors.stt(agent(language="es-MX", stt={"vendor": vendor}))
    assert isinstance(stt, kind)
    assert (stt._settings.model, stt._settings.language) == (model, "es")  # type: ignore[attr-defined]
    _goes_to(stt, vendors, vendor)
    other = vendors.stt(agent(stt={"vendor": vendor, "model": "m"}))
    assert other._settings.model == "m"


# Thinking.


@pytest.mark.parametrize(
    ("vendor", "kind"), [("groq", GroqLLMService), ("openai", OpenAILLMService)]
)
async def test_an_llm_of_openais_protocol_is_asked_as_the_agent_says(
    vendors: Vendors, vendor: str, kind: Any
) -> None:
    llm = vendors.llm(
        agent(
            llm={"vendor": vendor, "model": "m", "reasoning_effort": "low", "temperature": 0.2,
                 "max_tokens": 99}
        ),
        "Be brief.",
    )  # fmt: skip
    assert isinstance(llm, kind)
    asked = llm.build_chat_completion_params({"messages": []})  # type: ignore[typeddict-item]
    assert (asked["model"], asked["reasoning_effort"]) == ("m", "low")
    assert (asked["temperature"], asked["max_completion_tokens"]) == (0.2, 99)
    assert llm._settings.system_instruction == "Be brief."
    _goes_to(llm, vendors, vendor)


@pytest.mark.parametrize("vendor", ["groq", "openai"])
async def test_what_the_agent_does_not_say_is_not_asked(vendors: Vendors, vendor: str) -> None:
    llm = vendors.llm(agent(llm={"vendor": vendor}), "Be brief.")
    asked = llm.build_chat_completion_params({"messages": []})
    assert asked["model"] == LLM_MODELS[vendor]
    assert "reasoning_effort" not in asked


async def test_anthropic_is_asked_as_the_agent_says(vendors: Vendors) -> None:
    llm = vendors.llm(
        agent(llm={"vendor": "anthropic", "model": "m", "temperature": 0.2, "max_tokens": 99,
                   "reasoning_effort": "low"}),
        "Be brief.",
    )  # fmt: skip
    assert isinstance(llm, AnthropicLLMService)
    asked = llm._settings
    assert (asked.model, asked.system_instruction) == ("m", "Be brief.")
    assert (asked.temperature, asked.max_tokens, asked.effort) == (0.2, 99, "low")
    _goes_to(llm, vendors, "anthropic")
    still = vendors.llm(agent(llm={"vendor": "anthropic", "reasoning_effort": "none"}), "")
    assert still._settings.thinking.type == "disabled"
    assert still._settings.model == LLM_MODELS["anthropic"]


# Speaking.


async def test_deepgram_speaks_with_the_languages_voice_or_the_agents(vendors: Vendors) -> None:
    tts = vendors.tts(agent(language="es"))
    assert isinstance(tts, DeepgramTTSService)
    assert tts._settings.voice == "aura-2-celeste-es"
    assert tts._base_url == "ws://127.0.0.1:1"
    own = vendors.tts(agent(tts={"voice": "aura-2-luna-en"}))
    assert own._settings.voice == "aura-2-luna-en"


async def test_cartesia_speaks_with_the_agents_voice_in_its_language(vendors: Vendors) -> None:
    tts = vendors.tts(agent(language="pt", tts={"vendor": "cartesia", "voice": "v"}))
    assert isinstance(tts, CartesiaTTSService)
    assert (tts._settings.voice, tts._settings.language) == ("v", "pt")
    assert tts._settings.model == "sonic-3.6"
    assert (tts._url, tts._api_key) == ("ws://127.0.0.1:1/tts/websocket", "key-of-cartesia")


async def test_openai_speaks_with_the_agents_voice(vendors: Vendors) -> None:
    tts = vendors.tts(agent(language="pt", tts={"vendor": "openai", "voice": "nova"}))
    assert isinstance(tts, OpenAITTSService)
    assert (tts._settings.voice, tts._settings.model) == ("nova", "gpt-4o-mini-tts")
    _goes_to(tts, vendors, "openai")
    assert vendors.tts(agent(language="pt", tts={"vendor": "openai"}))._settings.voice == "alloy"


def _goes_to(service: Any, vendors: Vendors, vendor: str) -> None:
    client = service._client
    assert client.api_key == f"key-of-{vendor}"
    assert str(client.base_url).rstrip("/") == getattr(vendors.settings, f"{vendor}_base_url")
    assert client._client is vendors.http
    assert client.max_retries == 1


# Fallbacks.


async def test_a_stage_holds_the_vendor_and_its_fallbacks_in_order(vendors: Vendors) -> None:
    chosen = agent(
        stt={"fallback": [{"vendor": "groq"}]},
        llm={"fallback": [{"vendor": "openai"}, {"vendor": "anthropic"}]},
        tts={"fallback": [{"vendor": "openai"}]},
    )
    stt, llm, tts = vendors.stt(chosen), vendors.llm(chosen, "p"), vendors.tts(chosen)
    assert (type(stt), type(llm), type(tts)) == (SttStage, LlmStage, TtsStage)
    kinds = [GroqLLMService, OpenAILLMService, AnthropicLLMService]
    assert [isinstance(each, kind) for each, kind in zip(llm.services, kinds, strict=True)]
    assert isinstance(stt.active, DeepgramSTTService)
    assert [each._standby for each in vendors.tts(agent(tts={"fallback": [{}]})).services] == [
        False, True,
    ]  # fmt: skip


async def test_a_vendor_whose_key_is_missing_is_passed_over(vendors: Vendors) -> None:
    vendors.secrets = FakeSecrets({"groq/api-key": "g"})
    llm = vendors.llm(agent(llm={"vendor": "openai", "fallback": [{}]}), "p")
    assert isinstance(llm, GroqLLMService)
    with pytest.raises(Exception, match="openai/api-key"):
        vendors.llm(agent(llm={"vendor": "openai"}), "p")


# The process.


@pytest.mark.parametrize("vendor", sorted(LEFT_OUT))
def test_a_package_that_is_missing_is_named_at_boot(
    vendor: str, vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec",
        lambda name, *more: None if name == LEFT_OUT[vendor] else find(name, *more),
    )  # fmt: skip
    vendors.warm([agent()])
    with pytest.raises(
        VendorMissingError, match=f"agent a: {vendor} needs .* `{LEFT_OUT[vendor]}`"
    ):
        vendors.warm([agent(llm={"fallback": [{"vendor": vendor}]})])


def test_what_a_vendor_needs_is_imported_once_and_not_for_each_call(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[str] = []
    monkeypatch.setattr(deepgram, "warm", lambda: warmed.append("deepgram"))
    registry.warmed.cache_clear()
    vendors.warm([agent(), agent()])
    vendors.stt(agent())
    vendors.tts(agent())
    assert warmed == ["deepgram"]


def test_all_connections_trust_what_was_read_once(vendors: Vendors) -> None:
    assert Vendors(vendors.settings, vendors.secrets).tls is vendors.tls


async def test_calls_share_one_pool(vendors: Vendors) -> None:
    vendors.warm()
    assert vendors.http is vendors.http
    await vendors.aclose()
    assert vendors.http.is_closed
