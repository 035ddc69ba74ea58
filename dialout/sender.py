"""Who sends the requests: over httpx, with threads or with asyncio (or trio)."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import httpx

from dialout.exchange import Answer, Ask, Exchange, Pause
from dialout.problem import DialoutError

T = TypeVar("T")


class Sender:
    """Does what an exchange asks for. Not to be shared by threads."""

    def __init__(
        self,
        url: str,
        key: str,
        timeout: float,
        transport: httpx.BaseTransport | None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._key = _checked_key(key)
        self._sleep = sleep
        base_url = _checked_url(url)
        self.http = httpx.Client(base_url=base_url, timeout=timeout, transport=transport)

    @property
    def host(self) -> str:
        """The API's."""
        return self.http.base_url.host

    def run(self, exchange: Exchange[T]) -> T:
        """What comes of the exchange."""
        told: Answer = None
        try:
            while True:
                step = exchange.send(told)
                told = self._done(step)
        except StopIteration as end:
            value: T = end.value
            return value

    def _done(self, step: Ask | Pause) -> Answer:
        if isinstance(step, Pause):
            self._sleep(step.seconds)
            return None
        try:
            return self.http.request(step.method, step.url, **_parts(step, self._key))
        except httpx.RequestError as error:
            return error


class AsyncSender:
    """``Sender``, awaited."""

    def __init__(
        self,
        url: str,
        key: str,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        self._key = _checked_key(key)
        self._sleep = sleep
        base_url = _checked_url(url)
        self.http = httpx.AsyncClient(base_url=base_url, timeout=timeout, transport=transport)

    @property
    def host(self) -> str:
        """The API's."""
        return self.http.base_url.host

    async def run(self, exchange: Exchange[T]) -> T:
        """What comes of the exchange."""
        told: Answer = None
        try:
            while True:
                step = exchange.send(told)
                told = await self._done(step)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _done(self, step: Ask | Pause) -> Answer:
        if isinstance(step, Pause):
            await self._sleep(step.seconds)
            return None
        try:
            return await self.http.request(step.method, step.url, **_parts(step, self._key))
        except httpx.RequestError as error:
            return error


def _parts(ask: Ask, key: str) -> dict[str, Any]:
    headers = dict(ask.headers)
    if ask.ours:
        headers["Authorization"] = f"Bearer {key}"
    parts: dict[str, Any] = {"headers": headers}
    if ask.query:
        parts["params"] = ask.query
    if isinstance(ask.body, bytes):
        parts["content"] = ask.body
    elif ask.body is not None:
        parts["json"] = ask.body
    return parts


def _checked_url(url: str) -> str:
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        found = httpx.URL()
    if found.scheme not in ("http", "https") or not found.host:
        raise DialoutError(f"{url!r} is no address of an API; one looks like https://abc.example")
    return url.rstrip("/")


def _checked_key(key: str) -> str:
    if not key or not key.isascii() or not key.isprintable():
        raise DialoutError("this is no API key: it is empty, or has characters that no key has")
    return key
