"""``/_rehearsal/phone``: the socket of a page that is a phone.

Text is JSON with an `event`; binary is 20 ms of mu-law, 160 bytes, either way.

To the page: ``ready`` (it is the phone), ``replaced`` (another page is), ``ringing`` [call_sid,
caller, called], ``answered``, ``ended`` (it rings, or is talked, no more).
From the page: ``answer``, ``decline``, ``hang_up``, ``digits`` [digits].
"""

import asyncio
import json
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, hdrs, web

from .rest import EXCHANGE
from .softphone import acted

BEAT = 10.0
"""Seconds between two pings: a page that does not answer them is gone."""
_UNSENT = 50
"""Frames, a second: what a page that does not keep up may be behind."""
_MESSAGE_BYTES = 4096


def routes() -> list[web.RouteDef]:
    """Where it is found."""
    return [web.get("/_rehearsal/phone", line)]


class SocketPage:
    """A page at the other end of a socket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._unsent: asyncio.Queue[str | bytes] = asyncio.Queue()

    def tell(self, event: str, **detail: Any) -> None:
        """Something that it has to know."""
        self._unsent.put_nowait(json.dumps({"event": event, **detail}))

    def play(self, audio: bytes) -> None:
        """20 ms of mu-law; dropped, if it does not keep up."""
        if self._unsent.qsize() < _UNSENT:
            self._unsent.put_nowait(audio)

    async def send(self) -> None:
        """All of it, in order, until cancelled or until the socket is gone."""
        with suppress(ConnectionError):
            while True:
                message = await self._unsent.get()
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_str(message)


async def line(request: web.Request) -> web.StreamResponse:
    """A page's socket, as long as the page is open"""
    phone = request.app[EXCHANGE].softphone
    if phone is None:
        return web.Response(status=404, text="there is no softphone here\n")
    if hdrs.ORIGIN in request.headers:
        return web.Response(status=403, text="browsers come in by the gateway\n")
    socket = web.WebSocketResponse(heartbeat=BEAT, max_msg_size=_MESSAGE_BYTES)
    await socket.prepare(request)
    page = SocketPage(socket)
    phone.open(page)
    sending = asyncio.create_task(page.send())
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                if (call := phone.call_of(page)) is not None:
                    call.say(message.data)
            elif message.type is WSMsgType.TEXT:
                with suppress(ValueError):
                    acted(phone, page, json.loads(message.data))
    finally:
        phone.close(page)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    return socket
