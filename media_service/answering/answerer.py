"""Finds out who answered while the greeting is said, and does what the agent does then."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from calls.agent import Agent
from calls.answered_by import AnsweredBy, decided, known
from calls.call import Call, now
from media_service.answering import question
from media_service.answering.classifier import Classifier, Verdict
from media_service.answering.line_sound import LineSound
from media_service.answering.machines import Machines

log = logging.getLogger(__name__)

LISTEN_SECONDS = 30.0
"""For so long a machine may still be known by its words, whoever it was taken for."""
READ_SECONDS = 0.5
"""For the record, in which Twilio's detection may stand."""
ASK_AGAIN_WORDS = 8
"""So many words more, and the LLM is asked once more."""
ASKS = 3

SERVED = (AnsweredBy.VOICEMAIL, AnsweredBy.MENU, AnsweredBy.UNAVAILABLE)
"""Machines that are not talked with."""

Do = Callable[[Coroutine[Any, Any, None], str], None]


class Answerer:
    """One call's, on one leg; on a later one it knows what the earlier ones found out.

    The greeting goes on while it listens. An answer to the callee's first turn is held until they
    are known, but no longer than ``decide_after_seconds``: then they are a human.

    Args:
        machines: what follows, if it is one.
        change: changes the record, behind the call's back.
        read: reads the record.
        do: runs a coroutine beside the conversation, under that name.

    Attributes:
        sound: is to be fed with the callee's.
    """

    def __init__(
        self,
        agent: Agent,
        machines: Machines,
        change: Callable[[Callable[[Call], Call]], None],
        read: Callable[[], Awaitable[Call]],
        do: Do,
    ) -> None:
        self._chosen = agent.answering
        self._classifier = Classifier(agent.hears)
        self._machines = machines
        self._change = change
        self._read = read
        self._do = do
        self.sound = LineSound(self._beeped)
        self._listening = False
        self._until = 0.0
        self._verdict: Verdict | None = None
        self._presumed: Verdict | None = None
        """Who is talked with as long as nothing else is known: nobody waits for the rest."""
        self._late = False
        self._asked = 0
        self._asked_words = 0
        self._asking = False
        self._deadline: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The callee has picked up a call of ours."""
        self._listen(0.0)

    def resume(
        self, call: Call, heard: Sequence[str] = (), *, gone: float = 0.0, waited_for: bool = False
    ) -> bool:
        """Another leg of a call. Whether a machine has it, and is served as it would have been.

        Anybody else is listened to on, as long as an earlier leg would have.

        Args:
            heard: what was said to the earlier legs.
            gone: seconds since the callee picked up.
            waited_for: whether the callee waits for an answer.
        """
        who = known(call)
        if who and who in SERVED:
            self._follow(Verdict(who, "resumed"))
            return True
        self._verdict = Verdict(who, "resumed") if who else None
        self._listen(gone)
        if who is not AnsweredBy.SCREENING:
            # What an assistant asked says nothing of whoever speaks next.
            for text in heard:
                self._classifier.said(text, final=True)
            self._judge()
        if waited_for and self._undecided:
            self._machines.hold()
        return self._verdict is not None and self._verdict.who in SERVED

    def _listen(self, gone: float) -> None:
        self._listening = True
        self._until = self._now + LISTEN_SECONDS - gone
        left = max(0.0, self._chosen.decide_after_seconds - gone)
        self._deadline = asyncio.get_running_loop().call_later(left, self._time_up)

    def close(self) -> None:
        """The session is over."""
        if self._presumed and self._verdict is None:
            self._verdict = self._presumed
            self._note(self._verdict)
        self._listening = False
        if self._deadline:
            self._deadline.cancel()

    @property
    def waits(self) -> bool:
        """Whether a silence is no reason to speak: somebody else is being fetched."""
        return self._machines.waits

    # What is heard.

    def said(self, text: str, final: bool) -> None:
        """The listener understood this; an interim text may still change."""
        self._machines.said(text, final=final)
        self._classifier.said(text, final=final)
        self._judge()

    def voice(self, speaking: bool) -> None:
        """The callee's voice sets in, or stops."""
        self._classifier.voice(self._now, speaking=speaking)
        self._judge()

    def turn(self, text: str) -> None:
        """The callee's turn is over, and the LLM is about to answer it."""
        if self._listening and self._undecided:
            self._machines.hold()
        if self._verdict and self._verdict.who is AnsweredBy.SCREENING:
            # What it asked says nothing of whoever speaks next.
            self._classifier.again()
        self._machines.turn(text)

    def _beeped(self, _: float) -> None:
        self._classifier.beep()
        self._machines.beep()
        self._judge()

    # What is made of it.

    def _judge(self) -> None:
        if not self._listening or self._now > self._until:
            return
        verdict = self._classifier.known(self._now)
        if verdict:
            self._decide(verdict)
        elif self._undecided:
            self._presume(self._classifier.brief(self._now))
        if not (verdict or self._late) and self._classifier.monologue(self._now):
            self._maybe_ask()

    def _presume(self, verdict: Verdict | None) -> None:
        # "Hello?" is what a person says, and how a machine begins. Its answer need not wait.
        self._presumed = verdict
        if verdict:
            self._do(self._machines.meet(verdict.who, self.sound), "answering")

    def _decide(self, verdict: Verdict) -> None:
        if self._verdict and verdict.who is self._verdict.who:
            return
        self._verdict = verdict
        self._note(verdict)
        self._follow(verdict)

    def _note(self, verdict: Verdict) -> None:
        at = now()
        log.info("who answered", extra={"answered_by": str(verdict.who), "how": verdict.how})
        self._change(lambda call: decided(call, verdict.who, verdict.how, at))

    def _follow(self, verdict: Verdict) -> None:
        if verdict.who is AnsweredBy.SCREENING:
            # It may give way to a person, or to a mailbox.
            self._until = self._now + 2 * LISTEN_SECONDS
        elif verdict.who.is_machine:
            self._listening = False
        self._do(self._machines.meet(verdict.who, self.sound), "answering")

    def _time_up(self) -> None:
        if self._verdict is None:
            self._do(self._decide_late(), "answering")
        self._late = True

    async def _decide_late(self) -> None:
        word = await self._detected() if self._chosen.amd else None
        if word:
            self._classifier.detect(word)
        if self._listening and self._verdict is None:
            verdict = self._classifier.late(self._now)
            presumed = None if verdict.who.is_machine else self._presumed
            self._decide(presumed or verdict)

    async def _detected(self) -> str | None:
        """What Twilio's detection said, in its own word."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                call = await self._read()
        except Exception:
            log.exception("what Twilio detected could not be read")
            return None
        told = (entry.detail for entry in call.timeline if entry.event == "amd")
        return next(told, None)

    # The LLM.

    def _maybe_ask(self) -> None:
        words = len(self._classifier.text.split())
        if self._asking or self._asked >= ASKS or not words:
            return
        if self._asked and words < self._asked_words + ASK_AGAIN_WORDS:
            return
        self._asked, self._asked_words, self._asking = self._asked + 1, words, True
        self._do(self._ask(self._classifier.text), "answering")

    async def _ask(self, text: str) -> None:
        try:
            who = await question.ask(self._machines.llm, text)
        finally:
            self._asking = False
        if who is None or not self._listening or (self._verdict and self._verdict.who.is_machine):
            return
        if who.is_machine:
            self._decide(Verdict(who, "llm"))
        elif self._undecided:
            self._presume(Verdict(who, "llm"))

    @property
    def _undecided(self) -> bool:
        return self._verdict is None and self._presumed is None

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()
