"""A call that was answered: its line, in real time, and what verbs and recordings do on it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from . import clip, parameter, twiml
from .call import new_sid
from .call_request import Address, RecordingRequest
from .dialing import Bridge, Dialled
from .line import Heard, Line, Metronome, Person
from .phoned import Nobody, Phoned
from .playout import Playout, Source
from .recording import Recording
from .reporter import Network, Reporter
from .signature import sign
from .stream import Stream, StreamEnd
from .stream_protocol import Outgoing
from .webhook import Answer


class AnsweredCall:
    """Runs the line and is the phone that `Execution` works with.

    Args:
        reporter: The call's ways to the product.
        network: The exchange that it runs on.
        callee: Who answered.
        callee_gone: Called when the callee hangs up.
        pick_up: Connects the two, if that is still to be done.
    """

    def __init__(
        self,
        reporter: Reporter,
        network: Network,
        callee: Person,
        callee_gone: Callable[[], None],
        pick_up: Callable[[], None],
    ) -> None:
        self.reporter = reporter
        self.line = Line(callee)
        self.recordings: list[Recording] = []
        self._call = reporter.call
        self._cut = reporter.faults.get("stream_cut")
        self._network = network
        self._callee_gone = callee_gone
        self._pick_up = pick_up
        self._listeners: list[Callable[[Heard], None]] = []

    async def drive(self) -> None:
        """Play the line, 20 ms every 20 ms, until cancelled."""
        assert self._call.answered is not None
        metronome = Metronome(self._network.clock.monotonic(self._call.answered))
        while True:
            for _ in range(metronome.due(time.monotonic())):
                self._heard(self.line.tick())
            await asyncio.sleep(max(0.0, metronome.next_at - time.monotonic()))

    def _heard(self, heard: Heard) -> None:
        for listener in tuple(self._listeners):
            listener(heard)
        for noted in heard.notes:
            at = (self._call.answered or 0.0) + noted.at
            self._call.events.add(at, noted.event, noted.detail)
        if heard.hang_up:
            self._callee_gone()

    # Recordings.

    def record(self, request: RecordingRequest, source: str) -> Recording:
        """Start a recording."""
        recording = self._network.recorder.start(self._call, request, source, self.line)
        self.recordings.append(recording)
        self._network.recorder.tell(recording, self.reporter.tell)
        return recording

    async def stop_recording(self, recording: Recording) -> None:
        """End a recording; one that has ended stays as it is."""
        if recording.status == "in-progress":
            await self._network.recorder.finish(self._call, recording, self.line)
            self._network.recorder.tell(recording, self.reporter.tell)

    # What verbs do.

    def note(self, event: str, **detail: Any) -> None:
        """Log an event, now."""
        self.reporter.note(event, **detail)

    def answer(self) -> None:
        """Take up a call that still rings."""
        self._pick_up()

    async def ask(self, address: Address, more: Mapping[str, str]) -> Answer:
        """Fetch instructions."""
        return await self.reporter.ask(address, more)

    async def fetch(self, url: str) -> bytes:
        """Get a file."""
        return await self.reporter.fetch(url)

    async def play(self, sound: clip.Clip) -> None:
        """Play to the callee, to its end."""
        playout, ended = Playout(), asyncio.Event()
        playout.feed(sound.audio)
        playout.mark("end")

        def listen(heard: Heard) -> None:
            if heard.marks:
                ended.set()

        await self._joined(playout, listen, ended.wait())

    async def _joined(
        self, source: Source, listener: Callable[[Heard], None], work: Coroutine[Any, Any, Any]
    ) -> Any:
        """Have the floor while `work` lasts; what is then still unplayed is dropped."""
        self.line.source = source
        self._listeners.append(listener)
        try:
            return await work
        finally:
            self.line.source = Playout()
            self._listeners.remove(listener)

    def open_stream(self, verb: twiml.ConnectStream) -> tuple[str, Stream]:
        """A new stream of this call, and its SID."""
        sid = new_sid("MZ")
        outgoing = Outgoing(self._call.account_sid, self._call.sid, sid)
        signature = sign(self._network.token, verb.url, {})
        return sid, Stream(verb.url, signature, outgoing, sid, self.note)

    async def run_stream(
        self, stream: Stream, parameters: Mapping[str, str], opened: Callable[[], None]
    ) -> StreamEnd:
        """Join a stream to the line until it ends."""
        # Once: a line that broke again and again would be another misfortune.
        cut, self._cut = self._cut, None
        live = False

        def join() -> None:
            nonlocal live
            live = True
            self.note("stream_open", sid=stream.sid)
            opened()

        def listen(heard: Heard) -> None:
            if live:
                stream.tick(heard)

        work = stream.run(parameters, join, None if cut is None else float(cut.get("seconds", 3.0)))
        try:
            end: StreamEnd = await self._joined(stream.playout, listen, work)
        except asyncio.CancelledError:
            self.note("stream_closed", sid=stream.sid, by="network")
            raise
        self.note(f"stream_{end.how}", sid=stream.sid, by="product", error=end.error)
        return end

    def tell_stream(
        self, callback: Address | None, sid: str, event: str, name: str | None, error: str
    ) -> None:
        """Report on a stream, in the background."""
        if callback is not None:
            at = self.reporter.now()
            fields = parameter.of_stream(self._call, sid, event, at, name=name, error=error)
            self.reporter.tell(callback, fields)

    async def dial(self, number: str, patience: float) -> Dialled:
        """Phone somebody else and join them to the callee, until one of them hangs up."""
        sid, phoned = new_sid("CA"), self._network.phoned(number, self._call)
        self._call.children.append((sid, number))
        self.note("dialling", sid=sid, known=phoned is not None)
        whoever = phoned or Nobody()
        try:
            dialled = await self._reach(whoever, sid, patience)
        finally:
            whoever.leave()
        self.note("dialled", sid=sid, status=dialled.status, seconds=dialled.seconds)
        return dialled

    async def _reach(self, phoned: Phoned, sid: str, patience: float) -> Dialled:
        person = await phoned.get_ready(self.note)
        status = await phoned.ring(patience)
        if status != "answered":
            return Dialled(sid, status)
        self.note("bridged", sid=sid)
        began = self.line.now
        await self._talk_across(Bridge(person))
        return Dialled(sid, "completed", round(self.line.now - began))

    async def _talk_across(self, bridge: Bridge) -> None:
        ended = asyncio.Event()

        def listen(heard: Heard) -> None:
            bridge.listen(heard)
            if bridge.over:
                ended.set()

        await self._joined(bridge, listen, ended.wait())

    def after_break(self) -> str:
        """What Twilio does with a call whose socket broke."""
        return str(self.reporter.faults.get("redirect_on_broken", {}).get("then", "follow"))
