"""One media stream: the WebSocket on which Twilio is the client."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from . import stream_protocol as protocol
from .line import Heard
from .playout import Playout

BACKLOG = 500
"""Messages, 10 s of sound, that the product may leave unread before the stream fails (31930)."""
OPEN_SECONDS = 5.0

Note = Callable[..., None]
"""``note(event, **detail)``"""


@dataclass(frozen=True)
class StreamEnd:
    """How a stream ended by itself."""

    how: Literal["closed", "broken", "refused"]
    error: str = ""
    """Twilio's number and words; "" when nothing went wrong."""


class Stream:
    """Runs one stream from handshake to end.

    Args:
        url: As in the TwiML.
        signature: Of the handshake.
        outgoing: Writes this stream's messages.
        stream_sid: The stream that the product must name.
        note: Takes what happens.
    """

    def __init__(
        self, url: str, signature: str, outgoing: protocol.Outgoing, stream_sid: str, note: Note
    ) -> None:
        self._url = url
        self._signature = signature
        self._outgoing = outgoing
        self.sid = stream_sid
        self._note = note
        self._queue: asyncio.Queue[str] = asyncio.Queue(BACKLOG)
        self._congested = asyncio.Event()
        self._heard_media = False
        self.playout = Playout()

    async def run(
        self,
        parameters: Mapping[str, str],
        opened: Callable[[], None],
        cut_after: float | None = None,
    ) -> StreamEnd:
        """Stream until the product closes or breaks the socket.

        Cancelled, because the call goes elsewhere, it says ``stop`` and closes.

        Args:
            parameters: The TwiML's.
            opened: Called when the product has accepted, before the first sound is due.
            cut_after: Seconds after which the connection is torn, by order.
        """
        try:
            socket = await self._open()
        except TimeoutError:
            return StreamEnd("refused", "31901 Stream - WebSocket - Connection Timeout")
        except ssl.SSLError:
            return StreamEnd("refused", "31910 Stream - WebSocket - SSL Protocol Error")
        except (OSError, InvalidHandshake, InvalidURI) as error:
            return StreamEnd("refused", f"31920 Stream - WebSocket - Handshake Error: {error}")
        self._queue.put_nowait(self._outgoing.connected())
        self._queue.put_nowait(self._outgoing.start(parameters))
        opened()
        try:
            return await self._talk(socket, cut_after)
        except asyncio.CancelledError:
            await self._stop(socket)
            raise
        finally:
            if socket.state.name != "CLOSED":
                socket.transport.abort()
            await socket.wait_closed()

    def tick(self, heard: Heard) -> None:
        """Pass on 20 ms of the line."""
        for name in heard.marks:
            self._echo(name)
        self._put(self._outgoing.media(heard.callee))
        for digit in heard.digits:
            self._put(self._outgoing.dtmf(digit))

    async def _open(self) -> ClientConnection:
        return await connect(
            self._url,
            additional_headers={"X-Twilio-Signature": self._signature},
            user_agent_header="Twilio.TmeWs/1.0",
            compression=None,
            ping_interval=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=1.0,
            max_size=None,
            proxy=None,
        )

    async def _talk(self, socket: ClientConnection, cut_after: float | None) -> StreamEnd:
        sender = asyncio.create_task(self._send(socket))
        receiver = asyncio.create_task(self._receive(socket))
        congested = asyncio.create_task(self._congested.wait())
        tasks = {sender, receiver, congested}
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=cut_after, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                self._note("stream_cut")
                socket.transport.abort()
                return StreamEnd("broken", "31903 Stream - WebSocket - Broken pipe")
            if congested in done:
                return StreamEnd("broken", "31930 Stream - WebSocket - Congestion")
            await asyncio.wait({receiver}, timeout=2.0)  # it knows how the socket was closed
            return receiver.result() if receiver.done() else _end(None)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.send(await self._queue.get())
        except ConnectionClosed:
            return

    async def _receive(self, socket: ClientConnection) -> StreamEnd:
        try:
            while True:
                self._take(protocol.parse(await socket.recv(), self.sid))
        except ConnectionClosed as closed:
            return _end(closed)

    def _take(
        self, message: protocol.Media | protocol.MarkRequest | protocol.Clear | protocol.Bad
    ) -> None:
        match message:
            case protocol.Media(audio):
                if not self._heard_media:
                    self._heard_media = True
                    self._note("stream_first_media", bytes=len(audio))
                self.playout.feed(audio)
            case protocol.MarkRequest(name):
                self.playout.mark(name)
            case protocol.Clear():
                cleared = self.playout.clear()
                self._note("clear", dropped_ms=cleared.dropped / 8, marks=len(cleared.marks))
                for name in cleared.marks:
                    self._echo(name)
            case protocol.Bad(code, why):
                self._note("stream_message_error", code=code, why=why)

    def _echo(self, name: str) -> None:
        self._put(self._outgoing.mark(name))
        self._note("mark", name=name)

    def _put(self, message: str) -> None:
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self._congested.set()

    async def _stop(self, socket: ClientConnection) -> None:
        try:
            async with asyncio.timeout(2.0):
                while not self._queue.empty():
                    await socket.send(self._queue.get_nowait())
                await socket.send(self._outgoing.stop())
                await socket.close()
        except (ConnectionClosed, TimeoutError):
            return


def _end(closed: Any) -> StreamEnd:
    """A close frame is our side's wish; its absence, a broken pipe."""
    frame = closed.rcvd if isinstance(closed, ConnectionClosed) else None
    if frame is None:
        return StreamEnd("broken", "31903 Stream - WebSocket - Broken pipe")
    if frame.code in (1000, 1001, 1005):
        return StreamEnd("closed")
    return StreamEnd("closed", f"31921 Stream - WebSocket - Close Error: {frame.code}")
