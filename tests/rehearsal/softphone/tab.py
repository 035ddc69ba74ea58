"""A page at the softphone's line, without a browser."""

import asyncio
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import WSMsgType


class Tab:
    """One page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[bytes] = []

    async def told(self, event: str) -> dict[str, Any]:
        """The next message, which has to be this one; sound is kept and passed over."""
        while True:
            async with asyncio.timeout(10):
                message = await self.socket.receive()
            if message.type is WSMsgType.BINARY:
                self.heard.append(message.data)
                continue
            assert message.type is WSMsgType.TEXT, message
            body: dict[str, Any] = message.json()
            assert body["event"] == event
            return body

    async def tell(self, event: str, **detail: Any) -> None:
        await self.socket.send_json({"event": event, **detail})

    async def say(self, audio: bytes) -> None:
        await self.socket.send_bytes(audio)


class Tabs:
    """A browser, as far as its tabs go."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.http = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.http.close()

    async def open(self) -> Tab:
        """A new tab, which is the phone from now on."""
        tab = Tab(await self.connect(Origin=f"http://{self.host}"))
        await tab.told("ready")
        return tab

    async def connect(self, **headers: str) -> aiohttp.ClientWebSocketResponse:
        """A handshake with these headers."""
        url = f"ws://{self.host}/phone/line"
        return await self.http.ws_connect(url, headers=headers)

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """The status and the text of a request with these headers."""
        async with self.http.get(f"http://{self.host}{path}", headers=headers) as answer:
            return answer.status, await answer.text()
