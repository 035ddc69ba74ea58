"""What an agent does with whoever answers."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from calls.agent import Agent
from calls.answered_by import AnsweredBy
from calls.call import Call, EndReason
from media_service.answering.heard import Heard
from media_service.answering.line_sound import LineSound
from media_service.answering.menu import Menu
from media_service.answering.ports import Exit, Talk

ANNOUNCED_SECONDS = 1.8
"""So much silence after an announcement, and it has ended without a beep."""
LONGEST_ANNOUNCEMENT = 30.0
ASKED_SECONDS = 1.0
"""So much silence after a screening assistant's question, and it waits for the answer."""
UNSETTLED_SECONDS = 4.0
"""After so much, whatever it said, its turn is not waited for any more."""
PERSON_SECONDS = 30.0
"""So long a person may take to come to the phone after a machine has called them."""

_SCREENED = (
    "An automated assistant has answered and asks, for the person you are calling, who calls and "
    "why. Answer it in one short sentence: who you are, and the reason for your call."
)
_FETCHED = (
    "Whoever speaks next may be the person you are calling. They know no more than what you told "
    "the assistant."
)


class Machines:
    """One call's.

    Args:
        render: puts the call's variables into a text.
        change: changes the record, behind the call's back.
        do: runs a coroutine beside the conversation, under that name.
        silence: called when a person who was being fetched did not come.

    Attributes:
        waits: a person is being fetched: nobody need speak.
    """

    def __init__(
        self,
        agent: Agent,
        render: Callable[[str], str],
        leaving: Exit,
        change: Callable[[Callable[[Call], Call]], None],
        do: Callable[[Coroutine[Any, Any, None], str], None],
        silence: Callable[[], None],
    ) -> None:
        self.waits = False
        self._agent = agent
        self._chosen = agent.answering
        self._render = render
        self._leaving = leaving
        self._change = change
        self._do = do
        self._silence = silence
        self._joined: Talk | None = None
        self._heard = Heard()
        self._beeped = False
        self._early: str | None = None
        """A message that was begun without a beep."""

    def join(self, talk: Talk) -> None:
        """This is the conversation, when it is there."""
        self._joined = talk

    @property
    def llm(self) -> Any:
        """The call's own."""
        return self._talk.llm

    def hold(self) -> None:
        """Nobody knows yet for whom the next answer is."""
        self._talk.hold()

    def said(self, text: str, *, final: bool) -> None:
        """The callee said this."""
        self._heard.add(text, final=final)

    def turn(self, text: str) -> None:
        """The callee's turn is over."""
        self._heard.take()
        if self.waits and self._agent.asks_to_hold(text):
            # The assistant still: whatever was about to answer it is not said.
            self._do(self._talk.break_off(), "answering")
        else:
            self.waits = False

    def beep(self) -> None:
        """A beep was heard."""
        self._beeped = True
        if self._early is not None:
            words, self._early = self._early, None
            self._do(self._leaving.repeat_message(words), "answering")

    async def meet(self, who: AnsweredBy, sound: LineSound) -> None:
        """Do what follows."""
        if who is AnsweredBy.HUMAN:
            await self._talk.release()
        elif who is AnsweredBy.VOICEMAIL and self._chosen.voicemail == "leave_message":
            await self._leave_message(sound)
        elif who is AnsweredBy.SCREENING and self._chosen.screening == "answer":
            await self._answer(sound)
        elif who is AnsweredBy.MENU and self._chosen.menu == "navigate":
            await self._navigate(sound)
        else:
            # A number that is not in service is a call that could not be connected, as Twilio says
            # `failed` of one that the network refuses without words.
            failed = who is AnsweredBy.UNAVAILABLE
            await self._hang_up(EndReason.FAILED if failed else EndReason.MACHINE)

    async def _hang_up(self, reason: EndReason) -> None:
        self.waits = False
        self._keep()
        await self._leaving.cut(reason)

    async def _leave_message(self, sound: LineSound) -> None:
        self.waits = False
        assert self._chosen.message is not None
        words = self._render(self._chosen.message)
        await self._talk.release()
        await self._leaving.leave_message(words, partial(self._announced, words, sound))

    async def _announced(self, words: str, sound: LineSound) -> None:
        await sound.until(
            lambda: self._beeped or (
                sound.quiet_seconds >= ANNOUNCED_SECONDS and not sound.in_tone
            ),
            LONGEST_ANNOUNCEMENT,
        )  # fmt: skip
        if not self._beeped:
            self._early = words
        self._keep()

    async def _answer(self, sound: LineSound) -> None:
        self._talk.hold()
        await self._talk.break_off()
        await sound.until(lambda: self._asked(sound.quiet_seconds), LONGEST_ANNOUNCEMENT)
        # An answer to its turn may have been begun.
        await self._talk.break_off()
        await self._talk.release()
        await self._talk.tell("developer", _FETCHED, answer=False)
        if self._chosen.screening_reply:
            await self._talk.say(self._render(self._chosen.screening_reply))
        else:
            await self._talk.prompt(_SCREENED)
        await self._await_person(sound)

    def _asked(self, quiet_seconds: float) -> bool:
        """Whether the assistant has finished, and its turn is over: words that come later would cut
        what it is told."""
        settled = not self._heard.text or quiet_seconds >= UNSETTLED_SECONDS
        return settled and quiet_seconds >= ASKED_SECONDS

    async def _navigate(self, sound: LineSound) -> None:
        assert self._chosen.menu_goal is not None
        goal = self._render(self._chosen.menu_goal)
        outcome = await Menu(self._talk, self._heard, sound, goal, self._change).pass_through()
        if outcome == "stuck":
            await self._hang_up(EndReason.MACHINE)
        elif outcome == "completed":
            await self._await_person(sound)

    async def _await_person(self, sound: LineSound) -> None:
        self.waits = True
        await sound.until(lambda: not self.waits, PERSON_SECONDS)
        if self.waits:
            self.waits = False
            self._silence()

    def _keep(self) -> None:
        """What was said in nobody's turn is one all the same."""
        words, began = self._heard.take()
        if words:
            self._talk.callee_said(words, began)

    @property
    def _talk(self) -> Talk:
        assert self._joined is not None
        return self._joined
