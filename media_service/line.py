"""The phone line of one call: its accepted Media Streams socket, which outlives any pipeline.

Pipecat's transport is given this in the place of a WebSocket and moves bare mu-law through it; the
protocol around the sound stays here. Marks and the end of the stream are so seen whatever state the
pipeline is in, the session can speak without one, and nothing but the session closes the socket.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from media_service import stream_protocol
from media_service.stream_protocol import Dtmf, Mark, Media, Rejected, Stop

BYTES_PER_SECOND = 8000
"""Of mu-law at 8 kHz."""
CLEAR = "clear"
"""The text by which the transport asks for a `clear`."""
OVERDUE_SECONDS = 2.0
"""How much later than the sound before it a mark may come back."""
AHEAD_SECONDS = 0.6
"""A pipeline's sound goes out no earlier than so long before it is heard: enough for a network that
stumbles, and little enough for an agent that is interrupted to know which words were heard.
(Pipecat by itself sends twice as fast as it is heard.)"""
UNREAD_FRAMES = 250
"""Sound that nobody has taken yet, in frames of 20 ms; what comes on top of it is dropped."""

_OVER: dict[str, Any] = {"type": "websocket.disconnect", "code": 1000}


class Line:
    """What is heard from and said to one callee.

    Attributes:
        gone: set once the other side has ended the stream or the socket.
        rejected: how many frames were not acted upon, by reason.
        first_audio: called once, before the first sound goes out.
    """

    def __init__(self, websocket: WebSocket, stream_sid: str) -> None:
        self.gone = asyncio.Event()
        self.rejected: Counter[str] = Counter()
        self.first_audio: Callable[[], None] = lambda: None
        self._websocket = websocket
        self._stream_sid = stream_sid
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._awaited: dict[str, tuple[Callable[[], None], asyncio.TimerHandle]] = {}
        self._marks = 0
        self._cleared = 0
        self._played_until = 0.0
        self._spoke = False
        self._seized = False
        self._reader = asyncio.create_task(self._read(), name="line")

    # What the session asks of it.

    async def mark(self, then: Callable[[], None]) -> None:
        """Have ``then`` called once all that was said so far is heard; never, if it is cleared.

        Twilio tells by echoing a mark. Should it not, ``then`` is called OVERDUE_SECONDS after the
        sound must have ended.
        """
        self._marks += 1
        name = f"m{self._marks}"
        loop = asyncio.get_running_loop()
        late = loop.call_later(self.unplayed_seconds + OVERDUE_SECONDS, self._echoed, name)
        self._awaited[name] = (then, late)
        await self._send(stream_protocol.mark(self._stream_sid, name))

    async def say(self, mulaw: bytes) -> None:
        """Play this sound (mu-law, 8 kHz) after what was sent before, pipeline or not."""
        if not self._spoke:
            self._spoke = True
            self.first_audio()
        now = time.monotonic()
        self._played_until = max(self._played_until, now) + len(mulaw) / BYTES_PER_SECOND
        await self._send(stream_protocol.media(self._stream_sid, mulaw))

    async def clear(self) -> None:
        """Stop the sound. Twilio echoes the pending marks at once: they are no longer awaited."""
        self._forget()
        self._cleared += 1
        self._played_until = 0.0
        await self._send(stream_protocol.clear(self._stream_sid))

    @property
    def unplayed_seconds(self) -> float:
        """About how much of what was said is still to be heard."""
        return max(0.0, self._played_until - time.monotonic())

    async def seize(self) -> None:
        """Silence the pipeline: from now on only the session speaks."""
        self._seized = True
        await self.clear()

    async def hang_up(self, code: int = 1000) -> None:
        """Close the socket. If the call lives, Twilio goes on with the TwiML after the stream."""
        self._seized = True
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):
            await self._websocket.close(code)
        self._forget()
        self._reader.cancel()
        await asyncio.wait({self._reader})

    # What Pipecat's transport does with a WebSocket.

    async def receive(self) -> dict[str, Any]:
        """The next sound (``bytes``: mu-law) or key (``text``), or the disconnect, as in ASGI."""
        return await self._incoming.get()

    async def send_bytes(self, data: bytes) -> None:
        """A pipeline's sound: sent in time to be heard, unless it is cleared before that."""
        cleared = self._cleared
        await asyncio.sleep(self.unplayed_seconds - AHEAD_SECONDS)
        if not self._seized and cleared == self._cleared:
            await self.say(data)

    async def send_text(self, data: str) -> None:
        """A pipeline's command; there is only one."""
        if data == CLEAR and not self._seized:
            await self.clear()

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Nothing: a pipeline that ends does not end the call."""

    @property
    def client_state(self) -> WebSocketState:
        """Whether the pipeline still has somebody to talk to."""
        over = self.gone.is_set() or self._seized
        return WebSocketState.DISCONNECTED if over else WebSocketState.CONNECTED

    @property
    def application_state(self) -> WebSocketState:
        """The same."""
        return self.client_state

    # The socket.

    async def _send(self, text: str) -> None:
        if self.gone.is_set():
            return
        try:
            await self._websocket.send_text(text)
        except (RuntimeError, WebSocketDisconnect, OSError):
            self._over()

    async def _read(self) -> None:
        try:
            while not self.gone.is_set():
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                self._take(stream_protocol.parse(message.get("text") or message.get("bytes") or ""))
        except (RuntimeError, WebSocketDisconnect, OSError):
            return
        finally:
            self._over()

    def _echoed(self, name: str) -> None:
        then, late = self._awaited.pop(name, (lambda: None, None))
        if late:
            late.cancel()
        then()

    def _forget(self) -> None:
        for _, late in self._awaited.values():
            late.cancel()
        self._awaited.clear()

    def _take(self, event: stream_protocol.Event) -> None:
        if isinstance(event, Rejected):
            self.rejected[event.reason] += 1
        elif not isinstance(event, Media | Mark | Dtmf | Stop):
            self.rejected["out of place"] += 1
        elif event.stream_sid != self._stream_sid:
            self.rejected["another stream"] += 1
        elif isinstance(event, Mark):
            self._echoed(event.name)
        elif isinstance(event, Stop):
            self._over()
        elif self._incoming.qsize() >= UNREAD_FRAMES:
            self.rejected["overrun"] += 1
        elif isinstance(event, Media):
            self._incoming.put_nowait({"type": "websocket.receive", "bytes": event.payload})
        else:
            self._incoming.put_nowait({"type": "websocket.receive", "text": event.digit})

    def _over(self) -> None:
        if not self.gone.is_set():
            self.gone.set()
            self._incoming.put_nowait(_OVER)
