"""``/phone``: the page, what it has to know, and its line to the phone network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from rehearsal.pages import static
from rehearsal.relay import relay

from . import agents

STATIC = Path(__file__).parent / "static"
_BEAT = 10.0
"""Seconds between two pings to the page."""
_MESSAGE_BYTES = 4096


class Room:
    """The softphone's part of the gateway.

    Args:
        network: The phone network's base URL.
        key: The API key, if everybody may know it. Without one the page asks for it.
        from_number: Our own number.
        scripted: The LLM's part is written in scenarios.
        hears: The one language that is understood; None: any.
    """

    def __init__(
        self,
        network: str,
        key: str | None = None,
        from_number: str | None = None,
        scripted: bool = False,
        hears: str | None = None,
    ) -> None:
        self._network = network
        self._settings = {
            "api_key": key,
            "from_number": from_number,
            "scripted": scripted,
            "hears": hears,
        }
        self._session: aiohttp.ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        """Everything under ``/phone``."""
        return [
            *static.page("/phone", STATIC),
            web.get("/phone/settings", static.guarded(self._tell)),
            web.get("/phone/line", static.guarded(self._line, socket=True)),
        ]

    async def client(self, _: web.Application) -> AsyncIterator[None]:
        """As long as the gateway runs."""
        async with aiohttp.ClientSession() as self._session:
            yield

    async def _tell(self, _: web.Request) -> web.Response:
        """``{api_key, from_number, scripted, hears, agents}``"""
        told: dict[str, Any] = {**self._settings, "agents": await asyncio.to_thread(agents.listed)}
        return web.json_response(told, headers={"Cache-Control": "no-store"})

    async def _line(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        try:
            network = await self._session.ws_connect(
                f"{self._network}/_rehearsal/phone", max_msg_size=_MESSAGE_BYTES
            )
        except aiohttp.ClientError:
            return web.Response(status=503, text="the phone network cannot be reached\n")
        async with network:
            page = web.WebSocketResponse(heartbeat=_BEAT, max_msg_size=_MESSAGE_BYTES)
            await page.prepare(request)
            with suppress(ConnectionError):
                await relay(page, network)
            await page.close()
        return page
