"""The phone line of one call: its accepted Media Streams socket, which outlives any pipeline.

Pipecat's transport is given this in the place of a WebSocket and moves bare mu-law through it; the
protocol around the sound stays here. Marks and the end of the stream are so seen whatever state the
pipeline is in, the session can speak without one, and nothing but the session closes the socket.
"""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from media_service.phone import stream_protocol
from media_service.phone.stream_protocol import Dtmf, Mark, Media, Rejected, Stop
from media_service.phone.unheard import BYTES_PER_SECOND, Piece, Then, Unheard, seconds

__all__ = ["BYTES_PER_SECOND", "CLEAR", "Line"]

CLEAR = "clear"
"""The text by which the transport asks for a `clear`."""
OVERDUE_SECONDS = 2.0
"""How much later than the sound before it a mark may come back."""
AHEAD_SECONDS = 0.6
"""A pipeline's sound goes out so long before it is heard, and no earlier: enough for a network or
an event loop that stumbles, and little enough for an agent that is interrupted to know which words
were heard."""
HELD_SECONDS = 4.0
"""The longest pause: whoever asked for it and forgot must not leave an agent mute."""
UNREAD_FRAMES = 250
"""Sound that nobody has taken yet, in frames of 20 ms; what comes on top of it is dropped."""

_OVER: dict[str, Any] = {"type": "websocket.disconnect", "code": 1000}


class Line:
    """What is heard from and said to one callee.

    Attributes:
        gone: set once the other side has ended the stream or the socket.
        rejected: how many frames were not acted upon, by reason.
        first_audio: called once, before the first sound goes out.
        heard: called with all of the callee's sound (mu-law), as it comes.
    """

    def __init__(self, websocket: WebSocket, stream_sid: str) -> None:
        self.gone = asyncio.Event()
        self.rejected: Counter[str] = Counter()
        self.first_audio: Callable[[], None] = lambda: None
        self.heard: Callable[[bytes], None] = lambda _: None
        self._websocket = websocket
        self._stream_sid = stream_sid
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._awaited: dict[str, tuple[Then, asyncio.TimerHandle]] = {}
        self._marks = 0
        self._cleared = 0
        self._unheard = Unheard()
        self._kept: deque[Piece] = deque()
        self._held = False
        self._free = asyncio.Event()
        self._free.set()
        self._too_long: asyncio.TimerHandle | None = None
        self._spoke = False
        self._seized = False
        self._reader = asyncio.create_task(self._read(), name="line")

    # What the session asks of it.

    async def mark(self, then: Then) -> None:
        """Have ``then`` called once all that was said so far is heard; never, if it is cleared.

        Twilio tells by echoing a mark. Should it not, ``then`` is called OVERDUE_SECONDS after the
        sound must have ended.
        """
        if not self._free.is_set():
            self._kept.append(then)
            return
        await self._put_mark(then)

    async def say(self, mulaw: bytes) -> None:
        """Play this sound (mu-law, 8 kHz) after what was sent before, pipeline or not."""
        if not self._spoke:
            self._spoke = True
            self.first_audio()
        if not self._free.is_set():
            self._kept.append(mulaw)
            return
        await self._put_sound(mulaw)

    async def clear(self) -> None:
        """Stop the sound. Twilio echoes the pending marks at once: they are no longer awaited."""
        self._forget()
        self._cleared += 1
        self._unheard.take_back(time.monotonic())
        self._kept.clear()
        self._release()
        self._free.set()
        await self._send(stream_protocol.clear(self._stream_sid))

    async def hold(self) -> None:
        """Pause the sound at once: what is still to be heard is kept, for ``go_on``.

        A pipeline that wants to send sound waits so long; ``clear`` ends the pause too, and so does
        HELD_SECONDS.
        """
        if self._held or self._seized:
            return
        self._held = True
        self._free.clear()
        loop = asyncio.get_running_loop()
        self._too_long = loop.call_later(HELD_SECONDS, self._held_too_long)
        # Twilio echoes the marks of what it clears: those are sent again with their sound.
        self._forget()
        self._kept.extendleft(reversed(self._unheard.take_back(time.monotonic())))
        await self._send(stream_protocol.clear(self._stream_sid))

    async def go_on(self) -> None:
        """Play what was kept back, from where it was heard to."""
        self._release()
        while self._kept and not self._held:
            piece = self._kept.popleft()
            if isinstance(piece, bytes):
                await self._put_sound(piece)
            else:
                await self._put_mark(piece)
        if not self._held:
            self._free.set()

    @property
    def held(self) -> bool:
        """Whether the sound pauses."""
        return self._held

    @property
    def unplayed_seconds(self) -> float:
        """About how much of what was said is still to be heard."""
        return max(0.0, self._unheard.until - time.monotonic()) + seconds(self._kept)

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
        self._release()
        self._reader.cancel()
        await asyncio.wait({self._reader})

    # What Pipecat's transport does with a WebSocket.

    async def receive(self) -> dict[str, Any]:
        """The next sound (``bytes``: mu-law) or key (``text``), or the disconnect, as in ASGI."""
        return await self._incoming.get()

    async def send_bytes(self, data: bytes) -> None:
        """A pipeline's sound: sent in time to be heard, unless it is cleared before that."""
        cleared = self._cleared
        while cleared == self._cleared:
            await self._free.wait()
            early = self.unplayed_seconds - AHEAD_SECONDS
            if early <= 0:
                break
            await asyncio.sleep(early)
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

    async def _put_sound(self, mulaw: bytes) -> None:
        self._unheard.sound(mulaw, time.monotonic())
        await self._send(stream_protocol.media(self._stream_sid, mulaw))

    async def _put_mark(self, then: Then) -> None:
        self._marks += 1
        name = f"m{self._marks}"
        loop = asyncio.get_running_loop()
        late = loop.call_later(self.unplayed_seconds + OVERDUE_SECONDS, self._echoed, name)
        self._awaited[name] = (then, late)
        self._unheard.mark(then)
        await self._send(stream_protocol.mark(self._stream_sid, name))

    def _release(self) -> None:
        self._held = False
        if self._too_long:
            self._too_long.cancel()
            self._too_long = None

    def _held_too_long(self) -> None:
        self._too_long = None
        self._letting_go = asyncio.create_task(self.go_on(), name="line")

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
        awaited = self._awaited.pop(name, None)
        if awaited:
            then, late = awaited
            late.cancel()
            self._unheard.heard(then)
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
            self.heard(event.payload)
            self._incoming.put_nowait({"type": "websocket.receive", "bytes": event.payload})
        else:
            self._incoming.put_nowait({"type": "websocket.receive", "text": event.digit})

    def _over(self) -> None:
        if not self.gone.is_set():
            self.gone.set()
            self._incoming.put_nowait(_OVER)
