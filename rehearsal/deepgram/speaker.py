"""One stream of ``/v1/speak``: text and commands in, audio out. Knows no socket.

Source: Deepgram's streaming text-to-speech reference. As there, a finished sentence is spoken while
the rest of the text is still coming; ``Flush`` speaks what is left and is answered by ``Flushed``.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rehearsal.deepgram.clock import Clock
from rehearsal.deepgram.handshake import SpeakRequest
from rehearsal.deepgram.voice import Voice

CHUNK = 0.1
"""Seconds of audio in a binary message."""
SENTENCE = re.compile(r"\s*(.+?[.!?]+[\"')\]]*)\s", re.DOTALL)


@dataclass(frozen=True)
class _Say:
    text: str
    generation: int


@dataclass(frozen=True)
class _Note:
    message: str


class Speaker:
    """Speaks one stream.

    Args:
        send: takes each message, in order: str is JSON, bytes are audio.
        delay: seconds that the first audio of each reply is held back, to play a slower service.
    """

    def __init__(
        self,
        request: SpeakRequest,
        request_id: str,
        voice: Voice,
        clock: Clock,
        send: Callable[[str | bytes], Awaitable[None]],
        delay: float = 0.0,
    ) -> None:
        self._request = request
        self._voice = voice
        self._clock = clock
        self._send = send
        self._delay = delay
        self._buffer = ""
        self._sequence = 0
        self._generation = 0
        """Of the text: audio of an older one, which was cleared, is not sent any more."""
        self._begun = False
        """The first audio of this reply is out."""
        self._queue: asyncio.Queue[_Say | _Note | None] = asyncio.Queue()
        self._note(
            type="Metadata",
            request_id=request_id,
            model_name=request.model,
            model_version="rehearsal",
            model_uuid="00000000-0000-0000-0000-000000000000",
        )

    def obey(self, text: str) -> None:
        """Takes a JSON message of the client."""
        try:
            message = json.loads(text)
            kind = message["type"]
            if kind == "Speak":
                return self._speak(message["text"])
        except (ValueError, KeyError, TypeError):
            kind = None
        commands = {"Flush": self._flush, "Clear": self._clear, "Close": self._close}
        return commands.get(str(kind), self._not_understood)()

    async def work(self) -> None:
        """Sends what there is to say, until the stream has been closed."""
        while (job := await self._queue.get()) is not None:
            if isinstance(job, _Note):
                await self._send(job.message)
                self._begun = False
            elif job.generation == self._generation:
                await self._say(job)

    async def _say(self, job: _Say) -> None:
        audio = await self._voice.speak(job.text, self._request)
        if not self._begun:
            self._begun = True
            await self._clock.sleep(self._delay)
        encoded = self._request.audio.encode(audio) if len(audio) else b""
        size = int(self._request.audio.bytes_per_second * CHUNK)
        for start in range(0, len(encoded), size):
            if job.generation != self._generation:
                return
            await self._send(encoded[start : start + size])

    def _speak(self, text: str) -> None:
        self._buffer += text
        while sentence := SENTENCE.match(self._buffer):
            self._buffer = self._buffer[sentence.end() :]
            self._queue.put_nowait(_Say(sentence[1], self._generation))

    def _flush(self) -> None:
        if rest := self._buffer.strip():
            self._queue.put_nowait(_Say(rest, self._generation))
        self._buffer = ""
        self._number("Flushed")

    def _clear(self) -> None:
        self._generation += 1
        self._buffer = ""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._number("Cleared")

    def _close(self) -> None:
        self._queue.put_nowait(None)

    def _not_understood(self) -> None:
        self._note(type="Warning", code="INVALID_MESSAGE", description="Not a message of this API.")

    def _number(self, kind: str) -> None:
        self._note(type=kind, sequence_id=self._sequence)
        self._sequence += 1

    def _note(self, **message: str | int) -> None:
        self._queue.put_nowait(_Note(json.dumps(message)))
