"""Carrying out TwiML, verb after verb, on one answered call."""

import asyncio
import io
import wave
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from . import clip, speech, twiml
from .call_request import Address, RecordingRequest
from .dialing import Dialled
from .stream import Stream, StreamEnd
from .webhook import Answer, WebhookError


class Phone(Protocol):
    """What the verbs work with."""

    def note(self, event: str, **detail: Any) -> None:
        """Log an event, now."""

    def answer(self) -> None:
        """Take up a call that still rings, as one that comes in does."""

    async def ask(self, address: Address, more: Mapping[str, str]) -> Answer:
        """Fetch instructions. Raises `WebhookError`."""

    async def play(self, sound: clip.Clip) -> None:
        """Play to the callee, to its end."""

    async def fetch(self, url: str) -> bytes:
        """Get a file. Raises `WebhookError`."""

    def open_stream(self, verb: twiml.ConnectStream) -> tuple[str, Stream]:
        """A new stream of this call, and its SID."""

    async def run_stream(
        self, stream: Stream, parameters: Mapping[str, str], opened: Callable[[], None]
    ) -> StreamEnd:
        """Join a stream to the line until it ends."""

    def tell_stream(
        self, callback: Address | None, sid: str, event: str, name: str | None, error: str
    ) -> None:
        """Report on a stream, in the background."""

    def record(self, request: RecordingRequest, source: str) -> Any:
        """Start a recording."""

    async def dial(self, number: str, patience: float) -> Dialled:
        """Phone somebody else and join them to the callee, until either hangs up."""

    def after_break(self) -> str:
        """``follow``, ``end`` or ``hold``."""


class HangUp(Exception):  # noqa: N818 - it ends a call, it is no error
    """The instructions end the call here."""


class Execution:
    """Runs documents until they end, or end the call.

    Args:
        phone: The call's line and its ways to the product.
        fallback: Asked once, when a document cannot be had or read.
    """

    def __init__(self, phone: Phone, fallback: Address | None) -> None:
        self._phone = phone
        self._fallback = fallback
        self._base = ""
        """The document's own address: relative ones start from it."""

    async def run(self, document: Address | str, more: Mapping[str, str] | None = None) -> None:
        """Fetch, run, follow. Returns when the call should be hung up. Never fails: errors are
        noted, and the callee hears Twilio's apology."""
        where: Address | None = document if isinstance(document, Address) else None
        try:
            try:
                await self._run(document, more or {})
            except (twiml.TwimlError, WebhookError) as error:
                self._phone.note("error", code=error.code, message=str(error))
                failed = self._base or (where.url if where else "")
                await self._recover({"ErrorCode": str(error.code), "ErrorUrl": failed})
        except HangUp:
            return

    async def _recover(self, more: Mapping[str, str]) -> None:
        if self._fallback is not None:
            fallback, self._fallback = self._fallback, None
            await self.run(fallback, more)
            return
        self._phone.answer()
        await self._phone.play(await speech.synthesize(speech.APPLICATION_ERROR))

    async def _run(self, document: Address | str, more: Mapping[str, str]) -> None:
        step: Address | str | None = document
        while step is not None:
            step = await self._document(step, more)
            more = {}

    async def _document(self, document: Address | str, more: Mapping[str, str]) -> Address | None:
        """Run one document; the address of the one to go on with, if any."""
        text = document if isinstance(document, str) else await self._text(document, more)
        verbs = twiml.parse(text).verbs
        if not verbs or not isinstance(verbs[0], twiml.Reject):
            self._phone.answer()
        for verb in verbs:
            self._phone.note("verb", verb=type(verb).__name__)
            if (following := await self._verb(verb)) is not None:
                return following
        return None

    async def _text(self, address: Address, more: Mapping[str, str]) -> str:
        self._base = address.url
        answer = await self._phone.ask(address, more)
        if not any(kind in answer.content_type for kind in ("xml", "html", "text/plain")):
            raise twiml.TwimlError(12300, f"content type {answer.content_type!r} is not TwiML's")
        return answer.text

    async def _verb(self, verb: twiml.Verb) -> Address | None:
        match verb:
            case twiml.ConnectStream():
                await self._stream(verb)
            case twiml.StartRecording():
                self._record(verb)
            case twiml.Say() | twiml.Play():
                await self._sound(verb)
            case twiml.Pause():
                await asyncio.sleep(verb.seconds)
            case twiml.Redirect():
                return Address(self._absolute(verb.url), verb.method)
            case twiml.Dial():
                return await self._dial(verb)
            case twiml.Hangup() | twiml.Reject():
                raise HangUp
            case twiml.Unknown():
                self._phone.note("warning", code=12200, message=f"<{verb.tag}> is unknown here")
        return None

    def _absolute(self, url: str) -> str:
        absolute = urljoin(self._base, url)
        if urlsplit(absolute).scheme not in ("http", "https"):
            raise twiml.TwimlError(11100, f"{url[:80]!r} is not an address")
        return absolute

    def _address(self, callback: twiml.Callback | None) -> Address | None:
        if callback is None:
            return None
        return Address(self._absolute(callback.url), callback.method)

    async def _stream(self, verb: twiml.ConnectStream) -> None:
        callback = self._address(verb.callback)
        sid, stream = self._phone.open_stream(verb)

        def tell(event: str, error: str = "") -> None:
            self._phone.tell_stream(callback, sid, event, verb.name, error)

        opened = False

        def started() -> None:
            nonlocal opened
            opened = True
            tell("stream-started")

        try:
            end = await self._phone.run_stream(stream, verb.parameters, started)
        except asyncio.CancelledError:
            if opened:
                tell("stream-stopped")
            raise
        if end.error:
            tell("stream-error", end.error)
        elif opened:
            tell("stream-stopped")
        if end.how == "broken":
            await self._broken()

    async def _broken(self) -> None:
        what = self._phone.after_break()
        if what == "end":
            raise HangUp
        if what == "hold":
            await asyncio.Event().wait()  # until new instructions come over REST

    def _record(self, verb: twiml.StartRecording) -> None:
        events = verb.callback.events if verb.callback else frozenset[str]()
        request = RecordingRequest(
            verb.channels,
            verb.trim,
            self._address(verb.callback),
            events or frozenset({"completed"}),
        )
        self._phone.record(request, "StartCallRecordingTwiML")

    async def _sound(self, verb: twiml.Say | twiml.Play) -> None:
        if isinstance(verb, twiml.Say):
            sound = await speech.synthesize(verb.text, verb.language)
        else:
            sound = await self._file(self._absolute(verb.url))
        for _ in range(verb.times or 1000):  # Twilio too ends an endless loop at 1000
            await self._phone.play(sound)

    async def _file(self, url: str) -> clip.Clip:
        data = await self._phone.fetch(url)
        with suppress(ValueError, wave.Error, EOFError):
            return clip.from_wav("play", io.BytesIO(data))
        raise twiml.TwimlError(12300, "the file of <Play> is not a 16-bit WAV")

    async def _dial(self, verb: twiml.Dial) -> Address | None:
        dialled = await self._phone.dial(verb.number, verb.timeout)
        if verb.action is None:
            return None
        address = Address(self._absolute(verb.action), verb.method)
        self._base = address.url
        answer = await self._phone.ask(address, dialled.parameters())
        await self._run(answer.text, {})
        raise HangUp
