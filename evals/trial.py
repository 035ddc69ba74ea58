"""One callee's call, from the greeting to what is left of it."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import httpx
from pipecat.evals.results import EvalScriptResult, EvalSimulationResult
from pipecat.evals.scenario import EvalScriptScenario
from pipecat.evals.script_session import EvalScriptSession
from pipecat.evals.session import EvalSessionParams
from pipecat.evals.simulation_session import EvalSimulationSession
from starlette.websockets import WebSocket
from websockets.asyncio.server import serve

from calls.adapters.llm_completion import SECONDS, LlmCompletion
from calls.call import Call, EndReason, Turn, now
from calls.debrief import Debriefer
from calls.greeting import Greeting
from calls.ports import CompletionError
from evals.door import Door
from evals.minds import Minds
from evals.phone import STREAM_SID, Phone
from evals.sound import Ears
from evals.stage import CALL_ID, Stage
from evals.suite import Callee, Suite
from media_service.phone.line import Line
from media_service.session import Session
from media_service.vendors import Vendors

ANSWER_MS = 20_000
"""For an answer to be heard, or a silence to be broken."""
PATIENCE_SECONDS = 45.0
"""So long a callee who has said everything waits for the agent to hang up."""
TICK_SECONDS = 0.1
GONE_SECONDS = 15.0
"""For a session to clean up, once the callee has hung up."""

_quiet = logging.getLogger("evals.door")
_quiet.setLevel(logging.CRITICAL)  # Pipecat first looks whether the port is open, and says nothing.


@dataclass(frozen=True)
class Held:
    """What is left of a call."""

    call: Call
    turns: list[Turn]
    listed: bool
    """Whether the callee's number is on the do-not-call list."""
    prompt: str
    """The system message that was sent."""
    written: list[str]
    """What the model wrote, answer by answer."""
    driven: EvalScriptResult | EvalSimulationResult
    """What Pipecat says of it."""
    seconds: float
    stalled: float
    """The longest that this machine stood still in it, in seconds."""


class Trial:
    """One callee's call.

    Args:
        url: of the stand-in for the model; empty: it is a vendor's.
        lost: whether the call leads nowhere any more, so that nobody waits for its end.
    """

    def __init__(
        self,
        suite: Suite,
        callee: Callee,
        minds: Minds,
        url: str = "",
        lost: Callable[[], bool] = lambda: False,
    ) -> None:
        self._suite = suite
        self._callee = callee
        self._minds = minds
        self._lost = lost
        loop = asyncio.get_running_loop()
        words: deque[str] = deque()
        self._phone = Phone(words, lambda what: self._door.sounds(what))
        self._door = Door(self._phone, self._pick_up)
        self._stage = Stage(
            minds.agent, callee, minds.at(url), minds.secrets, Ears(words),
            self._said, self._door.changed,
            lambda: self._soon(self._phone.hang_up),
        )  # fmt: skip
        self._session: asyncio.Task[None] | None = None
        self._stalled = 0.0
        self._asked = asyncio.Event()
        """The agent has asked whether they are still there."""
        self._soon = partial(_soon, loop)

    async def hold(self) -> Held:
        """Hold the call."""
        began = time.monotonic()
        watching = asyncio.create_task(self._watch(), name="stalls")
        try:
            async with serve(
                self._door.meet, "127.0.0.1", 0, logger=_quiet, compression=None
            ) as server:
                port = server.sockets[0].getsockname()[1]
                driven = await self._drive(f"ws://127.0.0.1:{port}")
                await self._end(at_once=not driven.passed or self._lost())
            call = await asyncio.to_thread(self._settled)
        finally:
            watching.cancel()
            if self._session:
                self._session.cancel()
            await self._stage.aclose()
        stage = self._stage
        return Held(
            call, stage.records.turns(CALL_ID), stage.do_not_call.get(call.person) is not None,
            stage.vendors.prompt, [text for text in stage.written if text.strip()], driven,
            time.monotonic() - began, self._stalled,
        )  # fmt: skip

    async def _watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            self._stalled = max(self._stalled, time.monotonic() - before - TICK_SECONDS)

    def _pick_up(self) -> None:
        call = self._stage.answered(self._suite, self._callee)
        # It has all of a WebSocket that a line uses.
        line = Line(cast("WebSocket", self._phone), STREAM_SID)
        session = Session(self._stage.world, line, call, 1, _nothing_prepared())
        self._session = asyncio.create_task(session.run(), name="session")
        self._session.add_done_callback(lambda _: self._door.ended())

    def _said(self, turn: Turn) -> None:
        self._door.said(turn)
        if turn.kind == "idle":
            self._soon(self._asked.set)

    async def _drive(self, url: str) -> EvalScriptResult | EvalSimulationResult:
        played, params = self._callee.played, EvalSessionParams(default_timeout_ms=ANSWER_MS)
        vendors, minds = Vendors(self._minds.settings, self._minds.secrets), self._minds
        judge = minds.judge(vendors) if self._callee.judged else None
        try:
            if isinstance(played, EvalScriptScenario):
                script = EvalScriptSession.from_scenario(played, url, params=params, judge=judge)
                return await script.run()
            return await EvalSimulationSession.from_scenario(
                played, url, params=params, persona_llm=minds.person(vendors), judge=judge
            ).run()
        finally:
            await vendors.aclose()

    async def _end(self, *, at_once: bool) -> None:
        if self._session is None:
            return
        if not (at_once or self._callee.hangs_up or self._callee.simulated):
            # Who has said everything, and is asked for more, hangs up.
            self._asked.clear()
            asked = asyncio.create_task(self._asked.wait())
            either = {self._session, asked}
            await asyncio.wait(
                either, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            asked.cancel()
        if not self._session.done():
            self._phone.hang_up()
            await asyncio.wait({self._session}, timeout=GONE_SECONDS)

    def _settled(self) -> Call:
        records, minds = self._stage.records, self._minds
        records.update(CALL_ID, lambda call: call.end(EndReason.CALLEE_HUNG_UP, now()))
        with httpx.Client(timeout=SECONDS) as client:
            completion = LlmCompletion(minds.settings, minds.secrets, client=client)
            debriefer = Debriefer(records, completion, lambda _: minds.agent)
            if not minds.stands_in:
                with contextlib.suppress(CompletionError):
                    return debriefer.debrief(CALL_ID)
            return debriefer.give_up(CALL_ID)


def _soon(loop: asyncio.AbstractEventLoop, do: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(do)


async def _nothing_prepared() -> Greeting:
    return Greeting()
