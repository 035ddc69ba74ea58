"""One stream of ``/v1/listen``: audio and commands in, transcripts out. Knows no socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from rehearsal.deepgram.clock import Clock
from rehearsal.deepgram.handshake import MULTILINGUAL, ListenRequest
from rehearsal.deepgram.known import language_of
from rehearsal.deepgram.recognizer import Recognizer
from rehearsal.deepgram.results import Messages, Result, Span
from rehearsal.deepgram.segmenter import Event, Segment, Segmenter

IDLE = 10.0
"""Seconds without audio or KeepAlive after which Deepgram hangs up."""
SHORTEST_VOICED = 5
"""Frames (100 ms). With less voice than this a segment has no words, whatever the engine says."""
FIRST_INTERIM = 0.7
INTERIM = 0.5
"""Seconds from the segment's start to its first interim result, and from one to the next, at least.
Each looks at the whole segment, so they grow rarer with its length."""


class IdleError(Exception):
    """Nothing came for `IDLE` seconds."""


class Listener:
    """Hears one stream.

    Args:
        send: takes each JSON message, in order.
        delay: seconds that a final is held back, to play a slower service.
    """

    def __init__(
        self,
        request: ListenRequest,
        request_id: str,
        recognizer: Recognizer,
        clock: Clock,
        send: Callable[[str], Awaitable[None]],
        delay: float = 0.0,
    ) -> None:
        self._request = request
        self._messages = Messages(request_id, request.model, request.punctuate)
        self._recognizer = recognizer
        self._clock = clock
        self._send = send
        self._delay = delay
        self._decode = request.audio.decoder()
        self._segmenter = Segmenter(request.endpointing)
        self._created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._touched = clock.now()
        self._finished = 0.0
        self._interim_due = 0.0
        self._heard: tuple[Segment, int, asyncio.Task[str]] | None = None
        self._showing: set[asyncio.Task[None]] = set()
        self._queue: asyncio.Queue[Callable[[], Awaitable[str]] | None] = asyncio.Queue()

    def hear(self, data: bytes) -> None:
        """Takes audio of any length. No bytes at all close the stream, as they did before JSON."""
        self._touched = self._clock.now()
        if not data:
            return self._close()
        for event, segment in self._segmenter.feed(self._decode(data)):
            if event is Event.STARTED:
                self._interim_due = segment.start + FIRST_INTERIM
                if self._request.vad_events:
                    self._say(self._messages.speech_started(segment.start))
            elif event is Event.PAUSED:
                self._look_ahead(segment)
            else:
                self._final(segment)
        return self._interim()

    def obey(self, text: str) -> None:
        """Takes a JSON message of the client."""
        try:
            kind = json.loads(text)["type"]
        except (ValueError, KeyError, TypeError):
            kind = None
        if kind == "Finalize":
            self._final(self._segmenter.finish(), from_finalize=True)
        elif kind == "KeepAlive":
            self._touched = self._clock.now()
        elif kind == "CloseStream":
            self._close()
        elif kind == "Configure":
            self._say(self._messages.configured())
        else:
            self._say(self._messages.not_understood(text))

    async def work(self) -> None:
        """Sends what there is to say, until the stream has been closed."""
        while make := await self._queue.get():
            if text := await make():
                await self._send(text)

    async def watch(self) -> None:
        """Raises IdleError when the client has been silent for too long."""
        while (left := self._touched + IDLE - self._clock.now()) > 0:
            await self._clock.sleep(left)
        raise IdleError

    def stop(self) -> None:
        """Lets go of everything under way."""
        for task in self._showing:
            task.cancel()
        if self._heard:
            self._heard[2].cancel()

    def _say(self, text: str) -> None:
        async def make() -> str:
            return text

        self._queue.put_nowait(make)

    def _close(self) -> None:
        self._final(self._segmenter.finish())
        self._say(self._messages.metadata(self._created, self._segmenter.seconds))
        self._queue.put_nowait(None)

    def _words(self, segment: Segment) -> asyncio.Task[str]:
        """What is said in the segment so far. A look at the same words is not repeated."""
        if self._heard:
            seen, voiced, words = self._heard
            if seen is segment and voiced == segment.voiced:
                return words
            words.cancel()
        words = asyncio.create_task(self._transcribe(segment))
        self._heard = (segment, segment.voiced, words)
        return words

    async def _transcribe(self, segment: Segment) -> str:
        if segment.voiced < SHORTEST_VOICED:
            return ""
        return await self._recognizer.transcribe(segment.audio())

    def _final(self, segment: Segment | None, *, from_finalize: bool = False) -> None:
        span = Span(self._finished, self._segmenter.seconds)
        self._finished = span.end
        words = self._words(segment) if segment else None
        speech = Span(segment.start, segment.end) if segment else span
        self._heard = None

        async def make() -> str:
            text = await words if words else ""
            await self._clock.sleep(self._delay)
            if not text and not from_finalize:
                return ""
            return self._messages.results(
                Result(
                    text, span, speech, speech_final=bool(text), from_finalize=from_finalize,
                    language=self._told(text),
                )
            )  # fmt: skip

        self._queue.put_nowait(make)

    def _told(self, text: str) -> str | None:
        return language_of(text) if self._request.language == MULTILINGUAL else None

    def _look_ahead(self, segment: Segment) -> None:
        """Transcribes at a pause, so that a Finalize or the endpoint finds the words ready."""
        if not self._recognizer.busy:
            self._show(segment)

    def _interim(self) -> None:
        segment = self._segmenter.open
        if not self._request.interim_results or not segment or segment.silent:
            return
        if self._segmenter.seconds >= self._interim_due and self._recognizer.idle:
            self._interim_due = self._segmenter.seconds + max(INTERIM, segment.seconds / 2)
            self._show(segment)

    def _show(self, segment: Segment) -> None:
        words = self._words(segment)
        span = Span(self._finished, self._segmenter.seconds)
        speech = Span(segment.start, segment.end)

        async def show() -> None:
            text = await words
            still_open = self._segmenter.open is segment
            if text and still_open and self._request.interim_results:
                seen = Result(text, span, speech, is_final=False, language=self._told(text))
                await self._send(self._messages.results(seen))

        task = asyncio.create_task(show())
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)
