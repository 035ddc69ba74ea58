"""One call on this task, from its claimed leg to the end of its line."""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta
from functools import partial

from calls.agent import Agent
from calls.answered_by import known
from calls.call import SPOKEN, Call, EndReason, Turn, now
from calls.greeting import Greeting
from calls.tools import TransferTarget
from media_service import lull
from media_service.answering.answerer import SERVED, Answerer
from media_service.answering.machines import Machines
from media_service.aside import Aside
from media_service.call_control import CallControl
from media_service.conversation import Conversation
from media_service.ending import Ending
from media_service.hand_off import HandOff
from media_service.idle import Idle
from media_service.instructions import instructions
from media_service.journal import Journal
from media_service.leaving import Leaving
from media_service.lull import Due, Scene
from media_service.memory import Memory
from media_service.opt_out import OptOut, Source
from media_service.phone.line import Line
from media_service.reports import Reports
from media_service.services import Services
from media_service.speaking.opening import Opening
from media_service.speaking.words import Words
from media_service.tools.controls import Controls
from media_service.tools.toolbox import Toolbox, toolbox
from media_service.tools.uses import Uses
from media_service.transcript import Transcript
from media_service.world import World

log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0
"""For a pipeline to stop, a request to come back."""
FLUSH_SECONDS = 1.0
"""For what was said to be written while the callee waits for the next leg."""
SERVICE_RESTART = 1012
"""Twilio goes on with the TwiML after the stream, which leads to the next leg."""
LEAVE_IN = timedelta(seconds=10)
"""Before a call's longest: for a leave that is heard."""


class Session:
    """A call's life here. Whatever happens in it, the line is never left open and silent."""

    def __init__(
        self, world: World, line: Line, call: Call, leg: int, stored: Awaitable[Greeting]
    ) -> None:
        self._world = world
        self._reading = stored
        self._stored = Greeting()
        self._opening: Opening | None = None
        self._memory = Memory()
        self._tools: Toolbox | None = None
        self._handing_over = False
        self._line = line
        self._call = call
        self._leg = leg
        self._journal = Journal(world.records, call.call_id, leg)
        self._transcript = Transcript(self._journal.turn)
        self._aside = Aside()
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._control = CallControl(world, line, call, self._journal)
        self._leaving = Leaving(
            self._journal, self._control, self._aside.do,
            over=lambda: self._end(Ending.LAST_WORD),
            handed_over=lambda: self._end(Ending.TRANSFERRED),
        )  # fmt: skip
        self._answerer: Answerer | None = None
        self._opt_out: OptOut | None = None
        self._words: Words | None = None
        self._idle = Idle(0)
        self._agent: Agent | None = None
        self._begun = False
        """Whether anything was said to its end, on this leg or before."""
        self._callee_turn = 0
        """The number of their last."""
        self._conversation: Conversation | None = None
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Everything, until nothing of the call is left on this task."""
        self._line.first_audio = self._note_first_audio
        self._aside.do(self._watch(self._line.gone, Ending.GONE))
        self._aside.do(self._watch(self._journal.fenced, Ending.FENCED))
        try:
            await self._converse()
            ending = await self._ending
        except Exception:
            log.exception("a session failed", extra=self._where)
            ending = Ending.TROUBLE
        log.info("a session ends", extra={**self._where, "ending": ending.name.lower()})
        try:
            await self._finish(ending)
        finally:
            await self._release()

    def hand_over(self) -> None:
        """End here at the next quiet moment, so that Twilio fetches the call's next leg.

        A call that is ending ends here; should it go on after all, it is handed over then.
        """
        if not self._handing_over:
            self._handing_over = True
            self._aside.do(self._await_lull(), "handover")

    # The conversation.

    async def _converse(self) -> None:
        self._stored = await self._reading
        memory = self._memory = await self._remembered()
        greets = not (memory.greeted or self._served_machine)
        opening = self._opening = Opening(self._line, self._stored, greets=greets)
        agent = self._agent = self._world.agent(self._call.agent)
        words = self._words = Words(agent, memory.language)
        self._idle = Idle(agent.idle.tries, memory.silences)
        self._transcript = Transcript(self._turn, first=memory.next_number)
        self._opt_out = OptOut(
            agent, self._world.do_not_call, self._call, self._leg, self._journal.change,
            self._opted_out,
        )  # fmt: skip
        if agent.recording == "notice" and self._call.recording is None:
            self._aside.do(self._record(), name="recording")
        vendors = self._world.vendors
        tools = self._tools = self._toolbox(agent, words, self._opt_out)
        prompt = instructions(agent, self._render(agent.prompt), tools.names)
        services = await asyncio.to_thread(
            lambda: Services(
                vendors.stt(agent),
                vendors.llm(agent, prompt),
                vendors.tts(agent),
            )
        )
        self._conversation = Conversation(
            self._line, agent, words, memory, services, self._world.models,
            self._transcript, tools, self._reports(self._opt_out), greets=greets,
        )  # fmt: skip
        self._leaving.meet(self._conversation)
        served = self._listen_who(agent, self._conversation)
        self._running = asyncio.create_task(self._conversation.run(), name="conversation")
        self._running.add_done_callback(self._stopped)
        self._aside.do(self._limit(words))
        if served:
            return
        if any(map(self._opt_out.asks, memory.heard)):
            # Had an earlier leg seen to it, there would be no later one.
            self._aside.do(self._heed(self._conversation, self._opt_out))
            return
        if greets:
            self._transcript.expect("greeting")
            self._aside.do(self._open(opening, self._conversation, agent))
        else:
            await self._conversation.resume()

    @staticmethod
    async def _heed(conversation: Conversation, opt_out: OptOut) -> None:
        await conversation.started.wait()
        opt_out.ask("speech")

    async def _open(self, opening: Opening, conversation: Conversation, agent: Agent) -> None:
        begun = await opening.go_on(
            conversation, agent, conversation.llm, self._render, lambda: self._leaving.begun
        )
        if not begun:
            self._trouble("llm", "no opening")

    def _listen_who(self, agent: Agent, conversation: Conversation) -> bool:
        """Find out who answered a call of ours. Whether a machine of an earlier leg is served."""
        if self._call.direction == "inbound" or not agent.answering.detect:
            return False
        machines = Machines(
            agent, self._render, self._leaving, self._journal.change, self._aside.do, self._silence
        )
        machines.join(conversation)
        read = partial(asyncio.to_thread, self._world.records.get, self._call.call_id)
        self._answerer = Answerer(agent, machines, self._journal.change, read, self._aside.do)
        self._line.heard = self._answerer.sound.feed
        if self._leg == 1:
            self._answerer.begin()
            return False
        memory, picked_up = self._memory, self._call.answered_at or now()
        return self._answerer.resume(
            self._call, memory.heard,
            gone=(now() - picked_up).total_seconds(), waited_for=memory.unanswered,
        )  # fmt: skip

    def _reports(self, opt_out: OptOut) -> Reports:
        def callee_said(text: str) -> None:
            self._idle.spoken()
            opt_out.turn(text)
            if self._answerer:
                self._answerer.turn(text)

        def words(text: str, final: bool) -> None:
            if self._answerer:
                self._answerer.said(text, final)

        def voice(speaking: bool) -> None:
            if self._answerer:
                self._answerer.voice(speaking)

        return Reports(
            trouble=self._trouble,
            silence=self._silence,
            callee_said=callee_said,
            heard=lambda words: opt_out.heard(words, deaf=self._leaving.begun),
            pressed=lambda key: not (opt_out.pressed(key) or self._leaving.begun),
            last_word=self._leaving.last_word,
            language=self._spoken,
            words=words,
            voice=voice,
        )

    def _toolbox(self, agent: Agent, words: Words, opt_out: OptOut) -> Toolbox:
        return toolbox(
            Controls(
                call=self._call,
                agent=agent,
                words=words,
                leaving=lambda: self._leaving.begun,
                change=self._journal.change,
                hang_up=lambda: self._leaving.hang_up(EndReason.AGENT_HUNG_UP),
                transfer=self._transfer,
                opt_out=lambda reason: opt_out.ask("tool", reason),
                record=self._control.record,
                press=lambda digits: self._talk.press(digits),
                fill=lambda words: self._talk.fill(words),
                scheduler=self._world.scheduler,
                post=self._world.http.post,
                uses=Uses(
                    self._call.call_id,
                    self._call.tool_uses,
                    lambda: self._callee_turn,
                    self._journal.change,
                ),
                holds=self._control.holds,
            )
        )

    def _spoken(self, code: str) -> None:
        assert self._words is not None
        self._words.follow(code)
        at = now()
        self._journal.change(lambda call: call.note(SPOKEN, at, code))

    def _turn(self, turn: Turn) -> None:
        self._begun = True
        if turn.role == "callee":
            self._callee_turn = turn.number
        self._world.latencies.add(turn)
        self._journal.turn(turn)

    async def _remembered(self) -> Memory:
        if self._leg == 1:
            return Memory()
        turns = await asyncio.to_thread(self._world.records.turns, self._call.call_id)
        memory = Memory(turns, self._call.tool_uses, self._call.spoken_language)
        self._begun, self._callee_turn = memory.greeted, memory.callee_turn
        return memory

    @property
    def _served_machine(self) -> bool:
        """Whether an earlier leg was with a machine, which no greeting is for."""
        return self._leg > 1 and known(self._call) in SERVED

    def _render(self, text: str) -> str:
        assert self._agent is not None
        return self._agent.render(text, {**self._stored.context, **self._call.variables})

    @property
    def _talk(self) -> Conversation:
        assert self._conversation is not None
        return self._conversation

    def _silence(self) -> None:
        if self._leaving.begun or self._words is None or self._conversation is None:
            return
        if self._answerer and self._answerer.waits:
            return
        if self._idle.silent():
            self._transcript.expect("idle")
            self._aside.do(self._conversation.prompt(self._render(self._words.idle_prompt)))
        else:
            self._leaving.hang_up(EndReason.IDLE)
            self._aside.do(self._conversation.take_leave(self._render(self._words.idle_goodbye)))

    async def _limit(self, words: Words) -> None:
        """Take leave in time: at its limit Twilio cuts a call that we made, and no other."""
        began = self._call.answered_at or now()
        ends = began + timedelta(seconds=self._call.max_call_seconds) - LEAVE_IN
        await asyncio.sleep((ends - now()).total_seconds())
        await self._leaving.time_up(words.now.time_up)

    def _transfer(self, name: str, target: TransferTarget) -> None:
        talk, post = self._talk, self._world.http.post
        self._leaving.transfer(HandOff(self._call, name, target, talk.spoken, talk.llm, post))

    def _opted_out(self, source: Source, reason: str | None) -> None:
        assert self._words is not None
        assert self._opt_out is not None
        self._aside.do(self._opt_out.keep(source, reason), name="opt_out")
        if not self._ending.done():
            words = self._words.now.opted_out
            self._aside.do(self._leaving.opt_out(words, self._opt_out.settled))

    def _trouble(self, vendor: str, what: str) -> None:
        if self._ending.done():
            return
        log.error("a vendor fails", extra={**self._where, "vendor": vendor, "what": what})
        self._end(Ending.TROUBLE)

    def _stopped(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and running.exception():
            log.error("the pipeline failed", exc_info=running.exception(), extra=self._where)
        # A line that is gone ends the pipeline too, and says so itself.
        self._end(Ending.GONE if self._line.gone.is_set() else Ending.TROUBLE)

    # The end.

    async def _finish(self, ending: Ending) -> None:
        if ending.hands_over:
            await self._pass_on()
        if ending is Ending.TROUBLE:
            await self._apologize()
        if ending in (Ending.TROUBLE, Ending.LAST_WORD):
            await self._control.hang_up()

    async def _await_lull(self) -> None:
        due = await lull.due(lambda: self._scene, self._world.settings.handover_seconds)
        if self._ending.done():
            return
        await self._commit(cut=due is Due.LATE)
        if self._opt_out and self._opt_out.asked:
            # By what they said last: they are told that it is so, and left, here.
            return
        self._end(Ending.HANDOVER if due is Due.QUIET else Ending.HANDOVER_LATE)

    @property
    def _scene(self) -> Scene:
        activity = self._conversation and self._conversation.activity
        return Scene(
            callee=bool(activity and activity.callee),
            agent=bool(activity and activity.agent),
            unheard=self._line.unplayed_seconds > 0,
            opening=not self._begun,
            busy=bool(
                self._aside.keeps
                or (self._tools and self._tools.running)
                or (self._answerer and self._answerer.waits)
            ),
            leaving=self._leaving.begun,
        )

    async def _commit(self, *, cut: bool) -> None:
        """Have all that was said in the record's queue."""
        if self._opening:
            await self._opening.stop()
        if self._conversation:
            await self._conversation.commit(cut=cut)
        if self._opt_out:
            self._opt_out.nothing_follows()

    async def _pass_on(self) -> None:
        """Close the socket as soon as all is written: the callee hears how long that takes."""
        if self._answerer:
            self._answerer.close()
        await self._journal.flush(FLUSH_SECONDS)
        await self._line.hang_up(SERVICE_RESTART)

    async def _apologize(self) -> None:
        """Say the stored words, heard to their end, whatever state the rest is in."""
        self._journal.change(lambda call: call.will_end(EndReason.FAILED))
        if self._opening:
            await self._opening.stop()
        await self._line.seize()
        stopping = asyncio.create_task(self._stop())
        sound, words = self._world.apology(self._words.code if self._words else "en")
        heard = asyncio.Event()
        await self._line.say(sound)
        await self._line.mark(heard.set)
        await _first(heard, self._line.gone)
        await asyncio.wait({stopping}, timeout=CLOSE_SECONDS)
        self._transcript.expect("apology")
        self._transcript.agent_said(words, now().isoformat(), interrupted=not heard.is_set())

    async def _release(self) -> None:
        if self._opening:
            await self._opening.stop()
        await self._stop()
        self._leaving.close()
        if self._answerer:
            self._answerer.close()
        if self._opt_out:
            self._opt_out.nothing_follows()
        await self._aside.close()
        await self._journal.close()
        await self._line.hang_up()
        if self._line.rejected:
            log.warning("frames were rejected", extra={**self._where, **self._line.rejected})

    async def _stop(self) -> None:
        if self._conversation and self._running and not self._running.done():
            await self._conversation.cancel()
            await asyncio.wait({self._running})

    # Beside the conversation.

    async def _record(self) -> None:
        await self._control.record()

    def _note_first_audio(self) -> None:
        at, how = now(), self._opening.how if self._opening else "live"
        self._journal.change(
            lambda call: (
                call if call.first_audio_at else call.note("greeting", at, how, first_audio_at=at)
            )
        )

    def _end(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)

    async def _watch(self, event: asyncio.Event, ending: Ending) -> None:
        await event.wait()
        self._end(ending)

    @property
    def _where(self) -> dict[str, object]:
        return {"call_id": self._call.call_id, "leg": self._leg}


async def _first(*events: asyncio.Event) -> None:
    waiting = {asyncio.create_task(event.wait()) for event in events}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
