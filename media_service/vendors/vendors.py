"""The process's way to its vendors: endpoints, keys, and what their connections share."""

import logging
import ssl
from collections.abc import Iterable
from functools import cache, cached_property, partial
from typing import Any

from openai import DefaultAsyncHttpxClient
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.utils.http import connection_limits

from calls.agent import Agent
from calls.ports import Secrets
from calls.settings import Settings
from calls.vendor_choice import LlmChoice, SttChoice, TtsChoice
from media_service.failover import LlmStage, SttStage, TtsStage
from media_service.vendors import registry

log = logging.getLogger(__name__)

LLM_SECONDS = 20.0
"""Nobody waits so long for an answer; it only bounds what a hung connection holds."""


class Vendors:
    """What all calls share of them. A stage with fallbacks is one of ``media_service.failover``'s;
    without any, it is the vendor's service itself."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.settings = settings
        self.secrets = secrets

    @property
    def tls(self) -> ssl.SSLContext:
        """One for all connections of the process: making one would hold the event loop up."""
        return tls()

    @cached_property
    def http(self) -> DefaultAsyncHttpxClient:
        """One pool for all calls, so that a call finds a connection to its LLM open."""
        return DefaultAsyncHttpxClient(
            timeout=LLM_SECONDS,
            verify=self.tls,
            limits=connection_limits(
                max_connections=1000, max_keepalive_connections=100, keepalive_expiry=None
            ),
        )

    def stt(self, agent: Agent) -> Any:
        """What listens for this agent: a Pipecat service, or a stage of some. Blocks: it may read
        secrets."""
        return _stage(SttStage, self._services("stt", agent, agent.stt.choices))

    def llm(self, agent: Agent, prompt: str) -> Any:
        """What thinks, with its system message. Blocks."""
        return _stage(LlmStage, self._services("llm", agent, agent.llm.choices, prompt))

    def tts(self, agent: Agent) -> Any:
        """What speaks. Blocks."""
        return _stage(TtsStage, self._services("tts", agent, agent.tts.choices))

    def warm(self, agents: Iterable[Agent] = ()) -> None:
        """Make what the first call would have to wait for, and import what these agents need.

        Raises:
            VendorMissingError: an agent names a vendor whose package is not installed.
        """
        _ = self.http
        for agent in agents:
            for stage, section in (("stt", agent.stt), ("llm", agent.llm), ("tts", agent.tts)):
                for choice in section.choices:
                    try:
                        registry.load(stage, choice.vendor)
                    except registry.VendorMissingError as error:
                        raise registry.VendorMissingError(f"agent {agent.name}: {error}") from None

    async def aclose(self) -> None:
        """Close what is shared."""
        if "http" in self.__dict__:
            await self.http.aclose()

    def _services(
        self,
        stage: str,
        agent: Agent,
        choices: Iterable[SttChoice | LlmChoice | TtsChoice],
        *prompt: str,
    ) -> list[FrameProcessor]:
        made: list[FrameProcessor] = []
        failure: Exception | None = None
        for choice in choices:
            make = partial(registry.load(stage, choice.vendor), self, agent, choice, *prompt)
            try:
                made.append(make())
            except Exception as error:  # A fallback is for this too: a key that is not set.
                log.exception(
                    "a vendor cannot be used", extra={"stage": stage, "vendor": choice.vendor}
                )
                failure = error
        if failure and not made:
            raise failure
        return made


@cache
def tls() -> ssl.SSLContext:
    """What trusts the machine's certificates; one, for to read them takes 20 to 35 ms."""
    return ssl.create_default_context()


def _stage(kind: Any, services: list[FrameProcessor]) -> Any:
    return services[0] if len(services) == 1 else kind(services)
