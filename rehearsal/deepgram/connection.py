"""A client's WebSocket, with the faults that it is to suffer."""

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web

from rehearsal.deepgram.faults import Fault


class Connection:
    """One open stream.

    Args:
        fault: what is wrong with its service now.
    """

    def __init__(self, request: web.Request, fault: Callable[[], Fault]) -> None:
        self.socket = web.WebSocketResponse(max_msg_size=16 * 1024 * 1024)
        self._request = request
        self._fault = fault
        self._cut: asyncio.TimerHandle | None = None
        self._sent = 0

    async def open(self, request_id: str) -> None:
        """Answers the handshake."""
        self.socket.headers["dg-request-id"] = request_id
        await self.socket.prepare(self._request)
        self.suffer()

    def suffer(self) -> None:
        """Looks at the fault again: it was set, changed or lifted."""
        self._sent = 0
        if self._cut:
            self._cut.cancel()
        if (seconds := self._fault().cut_after_seconds) is not None:
            self._cut = asyncio.get_running_loop().call_later(seconds, self._break)

    async def send(self, message: str | bytes) -> None:
        """Sends it, unless the service hangs or the client is gone."""
        if self._fault().hang or self.socket.closed:
            return
        try:
            if isinstance(message, bytes):
                await self.socket.send_bytes(message)
                self._sent += len(message)
                if (most := self._fault().cut_after_bytes) is not None and self._sent >= most:
                    self._break()
            else:
                await self.socket.send_str(message)
        except ConnectionError:
            return

    async def read(
        self, on_text: Callable[[str], None], on_audio: Callable[[bytes], None] | None = None
    ) -> None:
        """Hands on what the client sends, until it hangs up."""
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                on_text(message.data)
            elif message.type is WSMsgType.BINARY and on_audio:
                on_audio(message.data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye, if the line still stands."""
        if self._cut:
            self._cut.cancel()
        await self.socket.close(code=code, message=reason.encode())

    def _break(self) -> None:
        if transport := self._request.transport:
            transport.abort()
