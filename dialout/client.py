"""The Python client of the public HTTP API.

>>> from dialout import Client
>>> with Client("https://abc.execute-api.us-east-1.amazonaws.com", key) as dialout:
...     placed = dialout.call("+15550100001", variables={"customer_name": "Sarah"})
...     print(dialout.get(placed.call_id).status)

``AsyncClient`` has the same methods, to be awaited. Both raise ``ApiError`` where the API refuses,
and ``UnreachableError`` where it does not answer. A lost connection is tried again twice; no try
phones a second time.
"""

import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import anyio
import httpx

from dialout.operations.calls import Calls
from dialout.operations.campaigns import Campaigns
from dialout.operations.do_not_call import DoNotCall
from dialout.operations.schedules import Schedules
from dialout.sender import AsyncSender, Sender


class Client(Calls[Sender]):
    """Places calls, and tells what became of them. Not to be shared by threads."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 35.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """A client of the API at ``url`` with one of its keys; ``timeout`` in seconds a try.

        ``transport`` and ``sleep`` are for tests.

        Raises:
            DialoutError: the address or the key cannot be one.
        """
        super().__init__(Sender(url, key, timeout, transport, sleep))
        self.schedules = Schedules(self._sender)
        """Timed calls."""
        self.do_not_call = DoNotCall(self._sender)
        """Who is never to be phoned."""
        self.campaigns = Campaigns(self._sender)
        """Many calls to a list of people."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._sender.http.close()


class AsyncClient(Calls[AsyncSender]):
    """``Client``, awaited; for asyncio and trio."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 35.0,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        """As for ``Client``."""
        super().__init__(AsyncSender(url, key, timeout, transport, sleep))
        self.schedules = Schedules(self._sender)
        """Timed calls."""
        self.do_not_call = DoNotCall(self._sender)
        """Who is never to be phoned."""
        self.campaigns = Campaigns(self._sender)
        """Many calls to a list of people."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.http.aclose()
