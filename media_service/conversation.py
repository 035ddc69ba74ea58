"""One call's pipeline: the callee's sound in, the agent's out, and what is said in between."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    ErrorFrame,
    LLMMessagesAppendFrame,
    LLMRunFrame,
    OutputDTMFFrame,
    TTSSpeakFrame,
    UserIdleTimeoutUpdateFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.dtmf_aggregator import DTMFAggregator
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    AssistantTurnStoppedMessage,
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
    UserTurnStoppedMessage,
)
from pipecat.services.llm_service import LLMService
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from calls.agent import Agent
from calls.call import now
from media_service.activity import Activity
from media_service.answering.ear import Ear
from media_service.answering.gate import Gate
from media_service.failover import InTurn, TtsStage
from media_service.frames import FillerFrame, LastWordFrame
from media_service.hand_off import Spoken
from media_service.listening.hearing import Hearing, Listened
from media_service.listening.language_follower import LanguageFollower
from media_service.listening.models import Models
from media_service.listening.mute import Mute
from media_service.listening.turn_start import TurnStart
from media_service.memory import Memory
from media_service.phone import stored_sound
from media_service.phone.line import Line
from media_service.phone.playout import Playout, Utterances, VoiceTap
from media_service.phone.transport import transport
from media_service.phone.twilio_serializer import SAMPLE_RATE
from media_service.reports import Reports
from media_service.services import Services
from media_service.speaking.reply_watch import ReplyWatch
from media_service.speaking.words import Words
from media_service.tools import end_call, transfer_call
from media_service.tools.toolbox import Toolbox
from media_service.transcript import Transcript

log = logging.getLogger(__name__)

KEYS = "Keys pressed: "
"""How the LLM and the record are told of them, as the callee's turn."""
WORDS_SECONDS = 2.0
"""For the words of a callee who is cut short to come from the listener…"""
SETTLE_SECONDS = 0.3
"""…and for what either side said to be counted, as far as heard."""
GREETING = "greeting"
"""Pipecat's context id of the stored greeting."""


class Conversation:
    """The pipeline and its context, ready to run.

    Args:
        memory: of the call's earlier legs.
        greets: whether a greeting is to come.

    Attributes:
        activity: who is at it.
        started: set once the pipeline runs; its vendors may still be connecting.
    """

    def __init__(
        self,
        line: Line,
        agent: Agent,
        words: Words,
        memory: Memory,
        services: Services,
        models: Models,
        transcript: Transcript,
        toolbox: Toolbox,
        reports: Reports,
        *,
        greets: bool,
    ) -> None:
        self._services = services
        self._transcript = transcript
        self._reports = reports
        self._memory = memory
        self._greets = greets
        self._idle_seconds = agent.idle.after_seconds
        self._toolbox = toolbox
        self.activity = Activity()
        self._mute = Mute(line.go_on)
        self.started = asyncio.Event()
        self._context = LLMContext(
            messages=list(memory.messages),
            tools=toolbox.schemas,
        )
        toolbox.register(services.llm)
        phone = transport(line, agent)
        user, assistant = self._aggregators(models, agent, line)
        self._user = user
        watch = self._watch = ReplyWatch(
            self._late,
            transcript.agent_worded,
            (end_call.NAME, transfer_call.NAME),
            lambda: words.slow_filler,
        )
        for stage in services.stages().values():
            stage.strategy.add_event_handler("on_service_switched", self._on_switched)
        self._ear = Ear(reports.words, reports.voice)
        self._gate = Gate()
        self._kept = False
        """Whether what a muted callee had said before is in the transcript already."""
        utterances: Utterances = {}
        self._utterances = utterances
        self._tap = VoiceTap(utterances, self._on_voice)
        follower = (
            [LanguageFollower(agent, services.tts, memory.language, reports.language)]
            if agent.detect_language
            else []
        )
        self._worker = PipelineWorker(
            Pipeline(
                [
                    phone.input(),
                    services.stt,
                    *follower,
                    self._ear,
                    Hearing(reports.pressed, reports.heard),
                    DTMFAggregator(prefix=KEYS, enable_direct_mode=True),
                    user,
                    Listened(),
                    services.llm,
                    watch,
                    services.tts,
                    self._tap,
                    self._gate,
                    phone.output(),
                    Playout(
                        line,
                        transcript,
                        utterances,
                        self._on_last_word,
                        agent.idle.after_seconds,
                        self.activity,
                    ),
                    assistant,
                ]
            ),
            params=PipelineParams(
                audio_in_sample_rate=SAMPLE_RATE, audio_out_sample_rate=SAMPLE_RATE
            ),
            # Each of these costs CPU in every call and does nothing for a phone.
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
        )
        self._worker.add_event_handler("on_pipeline_error", self._on_error)
        self._worker.add_event_handler("on_pipeline_started", self._on_started)

    def _aggregators(self, models: Models, agent: Agent, line: Line) -> LLMContextAggregatorPair:
        pair = LLMContextAggregatorPair(
            self._context,
            user_params=LLMUserAggregatorParams(
                vad_analyzer=models.vad(),
                user_turn_strategies=UserTurnStrategies(
                    start=[
                        TurnStart(greets=self._greets, output=line, backchannel=agent.backchannel)
                    ],
                    stop=[TurnAnalyzerUserTurnStopStrategy(turn_analyzer=models.turn_analyzer())],
                ),
                user_mute_strategies=[self._mute],
            ),
        )
        pair.user().add_event_handler("on_user_turn_stopped", self._on_callee_turn)
        pair.user().add_event_handler("on_user_turn_idle", self._on_idle)
        pair.assistant().add_event_handler("on_assistant_turn_stopped", self._on_agent_turn)
        return pair

    async def run(self) -> None:
        """Run until the line is gone or :meth:`cancel`."""
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        await runner.run()

    async def cancel(self) -> None:
        """Stop at once. What was being said is committed as far as it was heard."""
        await self._worker.cancel()

    async def say(self, text: str) -> None:
        """Speak this, in the voice's own words; part of the context as far as it is heard."""
        await self._worker.queue_frame(TTSSpeakFrame(text))

    async def go_on(self, text: str, sent: bytes, unsent: bytes) -> None:
        """Go on with a greeting whose beginning was sent to the line already.

        Args:
            text: the whole of it.
            sent: mu-law, of its beginning.
            unsent: the rest.
        """
        self._utterances[GREETING] = await stored_sound.begun(text, sent)
        # Behind the voice, which may still be connecting.
        for frame in await stored_sound.frames(unsent, GREETING):
            await self._tap.queue_frame(frame)

    async def resume(self) -> None:
        """Go on where another leg stopped: answer, if the callee waits for that."""
        if self._memory.unanswered:
            await self._worker.queue_frame(LLMRunFrame())
            return
        # It was the other leg's voice that stopped: from now on their silence counts.
        await self._worker.queue_frames(
            [BotStoppedSpeakingFrame(), UserIdleTimeoutUpdateFrame(self._idle_seconds)]
        )

    async def prompt(self, text: str) -> None:
        """Tell the LLM something and have it speak."""
        # A developer's message: neither the callee nor the agent said it.
        await self._worker.queue_frame(
            LLMMessagesAppendFrame([{"role": "developer", "content": text}], run_llm=True)
        )

    async def fill(self, text: str) -> None:
        """Speak this while a tool is waited for."""
        await self._watch.queue_frame(FillerFrame(text=text))

    async def press(self, digits: str) -> None:
        """Send the tones of these keys, after what is being said."""
        await self._watch.queue_frame(OutputDTMFFrame.from_string(digits))

    def leave(self) -> None:
        """From now on the callee is not listened to; what the agent says next are last words."""
        self._mute.leaving = True
        self._transcript.expect("goodbye")

    async def interrupt(self) -> None:
        """Be silent at once, deaf to callee and LLM; what is said next are last words."""
        self._mute.leaving = True
        self._transcript.cut("goodbye")
        self._watch.hush()
        await self._watch.interrupt()

    async def take_leave(self, text: str) -> None:
        """Speak this as the last words of the call."""
        await self._watch.take_leave(text)

    async def stay(self, why: str) -> None:
        """Go on after all; ``why`` is told to the LLM, which then speaks."""
        self._mute.leaving = False
        self._toolbox.stayed()
        self._transcript.expect("reply")
        self._watch.stay()
        await self.prompt(why)

    async def commit(self, *, cut: bool) -> None:
        """Have everything that was said in the transcript: nothing more comes of this pipeline.

        Args:
            cut: somebody may still be speaking, and is cut short.
        """
        self._watch.hush()
        if cut:
            await self.break_off()
            await self._ear.settled(WORDS_SECONDS)
            await asyncio.sleep(SETTLE_SECONDS)
        # What the callee said over the agent's voice is nobody's turn yet.
        words = await self._user.push_aggregation()
        if words:
            self._callee_said(words, now().isoformat())

    # While it is not a person that the agent talks with: ``media_service.answering.ports.Talk``.

    def hold(self) -> None:
        """Keep back what would be said from now on."""
        self._gate.hold()

    async def release(self) -> None:
        """Say what was kept back, and what comes from now on."""
        await self._gate.release()

    async def break_off(self) -> None:
        """Stop what is being said or thought, and what is kept back."""
        self._transcript.cut("reply")
        await self._watch.interrupt()

    async def deafen(self) -> None:
        """Break off; from now on the callee has no turns, and the LLM says nothing."""
        self._mute.leaving = True
        self._watch.hush()
        await self.break_off()

    async def listen(self) -> None:
        """The callee has turns again."""
        self._mute.leaving = False
        self._watch.stay()

    async def settle(self) -> None:
        """Have the listener settle what a muted callee has said."""
        await self._ear.settle()

    async def tell(self, role: str, text: str, *, answer: bool) -> None:
        """Add this to what the LLM knows, from a ``developer`` or the ``user``."""
        message: Any = {"role": role, "content": text}
        await self._worker.queue_frame(LLMMessagesAppendFrame([message], run_llm=answer))

    def callee_said(self, text: str, at: datetime) -> None:
        """Keep this as a turn of the callee, who said it when they had none."""
        self._kept = True
        self._transcript.callee_said(text, at.isoformat())

    @property
    def llm(self) -> LLMService[Any]:
        """The call's own, for what is asked of it apart from the conversation."""
        return self._services.llm

    @property
    def spoken(self) -> list[Spoken]:
        """What was said so far, as the LLM knows it."""
        roles = {"assistant": "agent", "user": "callee"}
        said = (each for each in self._context.get_messages() if isinstance(each, dict))
        return [
            Spoken.model_validate({"role": roles[each["role"]], "text": each["content"]})
            for each in said
            if each["role"] in roles and isinstance(each.get("content"), str)
        ]

    def _on_last_word(self, frame: LastWordFrame) -> None:
        if frame is self._watch.last_word:
            self._reports.last_word()

    def _on_voice(self) -> None:
        self._watch.sounded()
        self._transcript.agent_voiced()

    async def _on_started(self, *_: Any) -> None:
        self.started.set()

    async def _on_error(self, _: PipelineWorker, frame: ErrorFrame) -> None:
        service = self._services.name(frame.processor)
        if service is not None:
            self._reports.trouble(service, str(frame.category or "error"))

    def _late(self, who: str) -> None:
        stage = self._services.stages().get(who)
        if not (stage and stage.fail_over()):
            self._reports.trouble(who, "late")

    async def _on_switched(self, strategy: InTurn, _: object) -> None:
        name = self._services.name(strategy.stage)
        log.warning("a vendor fails, and the next takes over", extra={"stage": name})
        if isinstance(strategy.stage, TtsStage) and strategy.stage.owes_sound:
            self._watch.expect_sound()

    async def _on_idle(self, *_: Any) -> None:
        # What they said over the agent's voice was no turn then; nothing having followed, it is.
        words = await self._user.push_aggregation()
        if words:
            self._callee_said(words, now().isoformat())
        else:
            self._reports.silence()

    async def _on_callee_turn(self, _: Any, __: Any, message: UserTurnStoppedMessage) -> None:
        if self._kept and self._mute.leaving:
            return
        self._callee_said(message.content, message.timestamp)

    def _callee_said(self, words: str | None, timestamp: str) -> None:
        self._transcript.callee_said(words, timestamp)
        if words and words.strip():
            self._reports.callee_said(words)

    async def _on_agent_turn(self, _: Any, message: AssistantTurnStoppedMessage) -> None:
        self._transcript.agent_said(
            message.content, message.timestamp, interrupted=message.interrupted
        )
