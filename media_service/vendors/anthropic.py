"""Anthropic: an LLM. Its package is not in the image, so nothing of it is imported up here."""

from typing import Any, cast

from calls.agent import Agent
from calls.vendor_choice import LlmChoice
from media_service.vendors.vendors import Vendors


def warm() -> None:
    """Import what it needs."""
    import pipecat.services.anthropic.llm  # noqa: F401 -- for its own sake


def llm(vendors: Vendors, agent: Agent, choice: LlmChoice, prompt: str) -> Any:
    """Anthropic's LLM."""
    from anthropic import AsyncAnthropic
    from pipecat.services.anthropic.llm import (
        AnthropicLLMService,
        AnthropicLLMSettings,
        AnthropicThinkingConfig,
    )

    key = vendors.secrets.get("anthropic/api-key")
    chosen = AnthropicLLMSettings(model=choice.model, system_instruction=prompt)
    if choice.temperature is not None:
        chosen.temperature = choice.temperature
    if choice.max_tokens is not None:
        chosen.max_tokens = choice.max_tokens
    if choice.reasoning_effort == "none":
        # mypy does not follow Pipecat's forward reference to this very class.
        chosen.thinking = cast("Any", AnthropicThinkingConfig(type="disabled"))
    elif choice.reasoning_effort is not None:
        chosen.effort = choice.reasoning_effort
    return AnthropicLLMService(
        api_key=key,
        client=AsyncAnthropic(
            api_key=key,
            base_url=vendors.settings.anthropic_base_url,
            http_client=vendors.http,
            # One fits into the deadline of the first token.
            max_retries=1,
        ),
        settings=chosen,
    )
