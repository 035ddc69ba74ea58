"""Whom the doctor looks at: one environment, what is known of it so far, and how it is asked."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from calls.agent import Agent
from calls.settings import Settings
from dialout import aws
from dialout.stack import Aws

_TIMEOUT = httpx.Timeout(15.0, connect=4.0)
"""A function's cold start takes some seconds."""


class UnreachableError(Exception):
    """Nobody answers at an address. The message says who and where, and never the whole URL."""

    def __init__(self, who: str, url: str, error: httpx.TransportError, remedy: str) -> None:
        why = "no answer in time" if isinstance(error, httpx.TimeoutException) else "no connection"
        super().__init__(f"{who} cannot be reached at {urlsplit(url).netloc}: {why}")
        self.remedy = remedy


@dataclass
class Patient:
    """An environment. The checks fill in what they learn, for those that build on them."""

    settings: Settings
    http: httpx.AsyncClient
    aws: Aws = aws.client
    now: Callable[[], float] = time.time
    secrets: dict[str, str] = field(default_factory=dict)
    """By their names below the prefix."""
    account: dict[str, Any] = field(default_factory=dict)
    """Twilio's Account resource."""
    agents: list[Agent] = field(default_factory=list)
    llm_models: frozenset[str] = frozenset()
    """What Groq serves."""
    clocks: dict[str, float] = field(default_factory=dict)
    """By host and port: seconds that its clock is ahead of ours."""
    deployed_api_url: str = ""
    """Where the deployed functions believe that Twilio reaches them; empty while unknown."""

    def __post_init__(self) -> None:
        self.http.event_hooks["response"].append(self._note_clock)

    @property
    def env(self) -> str:
        """The environment's name."""
        return self.settings.env

    def command(self, words: str) -> str:
        """The remedy ``dialout <words>`` for this environment."""
        return f"dialout {words} --env {self.env}"

    async def ask(
        self, who: str, method: str, url: str, remedy: str = "", **more: Any
    ) -> httpx.Response:
        """One request; ``who`` is asked.

        Raises:
            UnreachableError: nobody answered; ``remedy`` is what to do about that.
        """
        try:
            return await self.http.request(method, url, **more)
        except httpx.TransportError as error:
            remedy = remedy or "check this machine's connection, and HTTPS_PROXY if there is one"
            raise UnreachableError(who, url, error, remedy) from error

    async def _note_clock(self, response: httpx.Response) -> None:
        try:
            theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        # The header counts whole seconds, so on average it lags by half a one.
        self.clocks[response.url.netloc.decode()] = theirs + 0.5 - self.now()


def client(transport: httpx.AsyncBaseTransport | None = None) -> AbstractAsyncContextManager[
    httpx.AsyncClient
]:  # fmt: skip
    """The HTTP client of an examination: short limits, no redirects (they would hide mistakes)."""
    return httpx.AsyncClient(timeout=_TIMEOUT, transport=transport, follow_redirects=False)


def masked(number: str) -> str:
    """A phone number of which only the last four digits are left."""
    return "*" * max(len(number) - 4, 0) + number[-4:]
