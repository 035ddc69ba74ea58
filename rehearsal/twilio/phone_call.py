"""One call from the first ring to the last callback: the core's state, driven by real time."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from . import parameter
from .answered_call import AnsweredCall
from .call import Call
from .call_request import Address, RecordingRequest
from .detection import verdict
from .execution import Execution
from .line import Person
from .phoned import Phoned
from .recording import Recording
from .reporter import Network, Reporter

SETUP_SECONDS = 0.05
"""From `initiated` to `ringing`: a near and quick network."""

Ending = Literal["callee", "twiml", "rest", "time_limit", "crash"]


class PhoneCall:
    """Runs one call; `run` returns when nothing of it is left but callbacks on their way.

    Args:
        call: Its state, shared with the REST API.
        callee: Who is phoned, or phones.
        network: The exchange that it runs on.
        faults: Misfortunes that travel with it; name to details.
    """

    def __init__(
        self,
        call: Call,
        callee: Phoned,
        network: Network,
        faults: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.call = call
        self._callee = callee
        self._network = network
        self._reporter = Reporter(call, network, faults)
        self._answered: AnsweredCall | None = None
        self._drive: asyncio.Task[None] | None = None
        self._flow: asyncio.Task[None] | None = None
        self._over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    # What the REST API may do.

    @property
    def recordings(self) -> list[Recording]:
        """Every recording of the call, oldest first."""
        return self._answered.recordings if self._answered else []

    def hang_up(self) -> None:
        """End it, at whatever stage."""
        self._end("rest")

    def redirect(self, document: Address | str) -> None:
        """Drop the running instructions for others. Only while in progress."""
        previous = self._flow
        self._reporter.note("redirected")

        async def replace() -> None:
            if previous is not None:
                previous.cancel()
                await asyncio.gather(previous, return_exceptions=True)
            await self._execute(document)

        self._flow = asyncio.create_task(replace())

    def record(self, request: RecordingRequest, source: str) -> Recording:
        """Start a recording. Only while in progress."""
        assert self._answered is not None
        return self._answered.record(request, source)

    async def stop_recording(self, recording: Recording) -> None:
        """End a recording before the call ends."""
        assert self._answered is not None
        await self._answered.stop_recording(recording)

    # The life of the call.

    async def run(self) -> None:
        """Dial, ring, talk, end. Cancelled, it tells nobody and leaves no task."""
        self._reporter.note("initiated")
        self._reporter.tell_status("initiated")
        try:
            callee = await self._callee.get_ready(self._reporter.note)
            await self._until_over(SETUP_SECONDS)
            outcome = "canceled" if self._over.done() else await self._ring()
            if outcome == "answered":
                await self._talk(callee)
            else:
                self._finish(outcome)
        finally:
            self._callee.leave()

    async def _ring(self) -> str:
        self.call.move("ringing", self._reporter.now())
        self._reporter.note("ringing")
        self._reporter.tell_status("ringing")
        if self.call.request.inbound:
            return "answered"  # as soon as there are instructions: see `_pick_up`
        ringing = asyncio.create_task(self._callee.ring(self.call.request.timeout))
        try:
            first: set[asyncio.Future[Any]] = {ringing, self._over}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            return "canceled" if self._over.done() else ringing.result()
        finally:
            ringing.cancel()
            await asyncio.gather(ringing, return_exceptions=True)

    async def _talk(self, callee: Person) -> None:
        answered = AnsweredCall(
            self._reporter, self._network, callee, lambda: self._end("callee"), self._pick_up
        )
        self._answered = answered
        if not self.call.request.inbound:
            self._pick_up()
        self._flow = asyncio.create_task(self._begin(answered))
        try:
            by = await self._until_over(self.call.request.time_limit) or "time_limit"
            self._reporter.note("hung_up", by=by)
            await self._stop(self._drive)
            unanswered = "busy" if by == "twiml" else "canceled"
            self._finish("completed" if self._drive else unanswered)
        finally:
            await self._stop(self._flow, self._drive)
        for recording in self.recordings:
            await self.stop_recording(recording)

    def _pick_up(self) -> None:
        """The two are connected. Again, it does nothing."""
        if self._drive is not None:
            return
        assert self._answered is not None
        self.call.move("in-progress", self._reporter.now())
        self._reporter.note("answered", by="machine" if self._machine else "human")
        self._reporter.tell_status("answered")
        if self.call.request.recording is not None:
            self.record(self.call.request.recording, "OutboundAPI")
        self._drive = asyncio.create_task(self._answered.drive())
        self._drive.add_done_callback(lambda _: self._end("crash"))  # it never ends of itself

    async def _until_over(self, seconds: float) -> Ending | None:
        done, _ = await asyncio.wait({self._over}, timeout=seconds)
        return self._over.result() if done else None

    def _end(self, by: Ending) -> None:
        if not self._over.done():
            self._over.set_result(by)

    async def _stop(self, *tasks: asyncio.Task[None] | None) -> None:
        running = [task for task in tasks if task is not None]
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, Exception):
                self._reporter.note("crashed", why=repr(result))

    def _finish(self, status: str) -> None:
        self.call.move(status, self._reporter.now())
        self._reporter.note("ended", status=status, duration=self.call.duration)
        self._reporter.tell_status("completed")

    # Instructions.

    async def _begin(self, answered: AnsweredCall) -> None:
        request = self.call.request
        if request.send_digits:
            self._reporter.note("digits_sent", digits=request.send_digits)
        if request.detection is not None:
            detecting = self._detect(answered)
            if request.detection.asynchronous:
                self._network.background(detecting)
            else:
                await detecting
        await self._execute(request.document)

    async def _execute(self, document: Address | str) -> None:
        assert self._answered is not None
        try:
            await Execution(self._answered, self.call.request.fallback).run(document)
        except Exception as error:  # the call must not hang on a bug of ours, nor hide it
            self._reporter.note("crashed", why=repr(error))
        self._end("twiml")

    async def _detect(self, answered: AnsweredCall) -> None:
        detection, line = self.call.request.detection, answered.line
        assert detection is not None
        found = None
        while self.call.live and found is None:
            found = verdict(detection, self._machine, line.now, line.callee.done)
            await asyncio.sleep(0 if found else 0.02)
        if found is None:
            return
        self.call.answered_by = found
        self._reporter.note("answered_by", answered_by=found)
        if detection.callback is not None:
            fields = parameter.of_detection(self.call, round(line.now * 1000))
            self._reporter.tell(detection.callback, fields)

    @property
    def _machine(self) -> bool:
        return self._callee.machine
