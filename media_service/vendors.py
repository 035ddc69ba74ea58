"""Who listens, thinks and speaks: from an agent's choices to Pipecat's services.

Adding a vendor is one entry in a table below.
"""

import ssl
from collections.abc import Callable
from functools import cached_property
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pipecat.services.deepgram.stt import DeepgramSTTSettings
from pipecat.services.deepgram.tts import DeepgramTTSSettings
from pipecat.services.groq.llm import GroqLLMService, GroqLLMSettings
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.http import connection_limits

from calls.agent import Agent
from calls.ports import Secrets
from calls.settings import Settings
from media_service import deepgram
from media_service.plain_text import plain_text
from media_service.twilio_serializer import SAMPLE_RATE

LLM_SECONDS = 20.0
"""Nobody waits so long for an answer; it only bounds what a hung connection holds."""


class Vendors:
    """The process's way to its vendors: endpoints, keys, and what their connections share."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.settings = settings
        self.secrets = secrets

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """One for all connections: making one takes 35 ms of the event loop."""
        return ssl.create_default_context()

    @cached_property
    def http(self) -> DefaultAsyncHttpxClient:
        """One pool for all calls, so that a call finds a connection to its LLM open."""
        return DefaultAsyncHttpxClient(
            timeout=LLM_SECONDS,
            limits=connection_limits(
                max_connections=1000, max_keepalive_connections=100, keepalive_expiry=None
            ),
        )

    def stt(self, agent: Agent) -> STTService:
        """The service that listens for this agent. Blocks: it may read a secret."""
        return STT[agent.stt.vendor](self, agent)

    def llm(self, agent: Agent, prompt: str) -> LLMService[Any]:
        """The service that thinks, with its system message. Blocks."""
        return LLM[agent.llm.vendor](self, agent, prompt)

    def tts(self, agent: Agent) -> TTSService:
        """The service that speaks. Blocks."""
        return TTS[agent.tts.vendor](self, agent)

    def warm(self) -> None:
        """Make what the first call would have to wait for."""
        _ = self.tls, self.http
        deepgram.warm()

    async def aclose(self) -> None:
        """Close what is shared."""
        if "http" in self.__dict__:
            await self.http.aclose()


def _deepgram_stt(vendors: Vendors, agent: Agent) -> STTService:
    return deepgram.Stt(
        api_key=vendors.secrets.get("deepgram/api-key"),
        base_url=vendors.settings.deepgram_base_url,
        sample_rate=SAMPLE_RATE,
        # Turns are ended by Smart Turn, whose `Finalize` the vendor's own endpointing only delays.
        settings=DeepgramSTTSettings(
            model=agent.stt.model, language=agent.language, endpointing=False
        ),
        # What the turn waits for a transcript that Deepgram does not mark as final.
        ttfs_p99_latency=0.35,
    )


def _deepgram_tts(vendors: Vendors, agent: Agent) -> TTSService:
    return deepgram.Tts(
        api_key=vendors.secrets.get("deepgram/api-key"),
        base_url=vendors.settings.deepgram_base_url,
        sample_rate=SAMPLE_RATE,
        settings=DeepgramTTSSettings(voice=agent.tts.voice or agent.speaks.voices["deepgram"]),
        text_transforms=[("*", plain_text)],
        tls=vendors.tls,
    )


class _Groq(GroqLLMService):
    def __init__(self, *, http: DefaultAsyncHttpxClient, **kwargs: Any) -> None:
        self._http = http
        super().__init__(**kwargs)

    def create_client(
        self, api_key: Any = None, base_url: Any = None, *_: Any, **__: Any
    ) -> AsyncOpenAI:
        """A client on the shared pool. One retry fits into the deadline of the first token."""
        return AsyncOpenAI(
            api_key=api_key, base_url=base_url, http_client=self._http, max_retries=1
        )


def _groq(vendors: Vendors, agent: Agent, prompt: str) -> LLMService[Any]:
    chosen = GroqLLMSettings(model=agent.llm.model, system_instruction=prompt)
    for name in ("reasoning_effort", "temperature"):
        if getattr(agent.llm, name) is not None:
            setattr(chosen, name, getattr(agent.llm, name))
    if agent.llm.max_tokens is not None:
        chosen.max_completion_tokens = agent.llm.max_tokens
    return _Groq(
        api_key=vendors.secrets.get("groq/api-key"),
        base_url=vendors.settings.groq_base_url,
        http=vendors.http,
        settings=chosen,
    )


STT: dict[str, Callable[[Vendors, Agent], STTService]] = {"deepgram": _deepgram_stt}
LLM: dict[str, Callable[[Vendors, Agent, str], LLMService[Any]]] = {"groq": _groq}
TTS: dict[str, Callable[[Vendors, Agent], TTSService]] = {"deepgram": _deepgram_tts}
