"""The callee's end of one Media Stream, in the place of its WebSocket; what it plays is silence.

The callee's sound is told in one go, as nobody listens to it. The agent's is heard in its own time,
by the clock: marks come back when they would on a telephone, and ``clear`` cuts what is left.
"""

import asyncio
import base64
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

VOICE_FRAMES, QUIET_FRAMES = 15, 15
"""Of 20 ms: enough of each for a VAD to be sure."""
STREAM_SID = "MZ00000000000000000000000000000001"

_SOUNDS = {loud: base64.b64encode(bytes([byte]) * 160).decode() for loud, byte in
           ((True, 0x00), (False, 0xFF))}  # fmt: skip


class Phone:
    """What a line needs of a WebSocket, and what a callee does.

    Args:
        words: shared with the ears: what the callee says.
        tell: takes ``bot-started-speaking`` and ``bot-stopped-speaking``, as the callee hears it.
    """

    def __init__(self, words: deque[str], tell: Callable[[str], None]) -> None:
        self._words = words
        self._tell = tell
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._until = 0.0
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._ends: asyncio.TimerHandle | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()

    # The callee.

    def say(self, text: str) -> None:
        """Say that."""
        self._words.append(text)
        for loud, count in ((True, VOICE_FRAMES), (False, QUIET_FRAMES)):
            for _ in range(count):
                self._send("media", media={"track": "inbound", "payload": _SOUNDS[loud]})

    def press(self, key: str) -> None:
        """Press a key."""
        self._send("dtmf", dtmf={"track": "inbound_track", "digit": key})

    def hang_up(self) -> None:
        """The call is over, whoever ended it."""
        self._send("stop", stop={"callSid": "CA"})
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def quiet(self) -> None:
        """Wait until all that the agent has said so far is heard."""
        await self._quiet.wait()

    # What a line does with a WebSocket.

    async def receive(self) -> dict[str, Any]:
        """The next message, as in ASGI."""
        return await self._incoming.get()

    async def send_text(self, data: str) -> None:
        """A command of the line's."""
        message = json.loads(data)
        if message["event"] == "media":
            self._play(len(base64.b64decode(message["media"]["payload"])) / 8000)
        elif message["event"] == "mark":
            name = message["mark"]["name"]
            self._marks[name] = self._after(lambda: self._echo(name))
        elif message["event"] == "clear":
            self._until = 0.0
            self._silent()
            for name in list(self._marks):
                self._marks[name].cancel()
                self._echo(name)

    async def close(self, code: int = 1000) -> None:
        """The stream is over."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": code})
        for timer in self._marks.values():
            timer.cancel()
        self._silent()

    def _play(self, seconds: float) -> None:
        if self._quiet.is_set():
            self._quiet.clear()
            self._tell("bot-started-speaking")
        self._until = max(time.monotonic(), self._until) + seconds
        if self._ends:
            self._ends.cancel()
        self._ends = self._after(self._silent)

    def _silent(self) -> None:
        if self._ends:
            self._ends.cancel()
            self._ends = None
        if not self._quiet.is_set():
            self._quiet.set()
            self._tell("bot-stopped-speaking")

    def _after(self, then: Callable[[], None]) -> asyncio.TimerHandle:
        """Once all that was sent so far is heard."""
        left = max(0.0, self._until - time.monotonic())
        return asyncio.get_running_loop().call_later(left, then)

    def _echo(self, name: str) -> None:
        if self._marks.pop(name, None):
            self._send("mark", mark={"name": name})

    def _send(self, event: str, **fields: Any) -> None:
        text = json.dumps({"event": event, "streamSid": STREAM_SID, **fields})
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})
