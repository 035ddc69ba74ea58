"""Groq: an LLM with OpenAI's protocol, and Whisper's ears."""

from pipecat.services.groq.llm import GroqLLMService, GroqLLMSettings
from pipecat.services.groq.stt import GroqSTTService, GroqSTTSettings

from calls.agent import Agent
from calls.vendor_choice import LlmChoice, SttChoice
from media_service.phone.twilio_serializer import SAMPLE_RATE
from media_service.vendors.chat import Chat
from media_service.vendors.vendors import Vendors
from media_service.vendors.whisper import Deadline


class Llm(Chat, GroqLLMService):
    """On the shared pool."""


class Stt(Deadline, GroqSTTService):
    """Within a deadline."""


def llm(vendors: Vendors, agent: Agent, choice: LlmChoice, prompt: str) -> Llm:
    """Groq's LLM."""
    chosen = GroqLLMSettings(model=choice.model, system_instruction=prompt)
    for name in ("reasoning_effort", "temperature"):
        if getattr(choice, name) is not None:
            setattr(chosen, name, getattr(choice, name))
    if choice.max_tokens is not None:
        chosen.max_completion_tokens = choice.max_tokens
    return Llm(
        api_key=vendors.secrets.get("groq/api-key"),
        base_url=vendors.settings.groq_base_url,
        http=vendors.http,
        settings=chosen,
    )


def stt(vendors: Vendors, agent: Agent, choice: SttChoice) -> Stt:
    """Groq's Whisper."""
    return Stt(
        api_key=vendors.secrets.get("groq/api-key"),
        base_url=vendors.settings.groq_base_url,
        http_client=vendors.http,
        sample_rate=SAMPLE_RATE,
        settings=GroqSTTSettings(model=choice.model, language=agent.language.partition("-")[0]),
    )
