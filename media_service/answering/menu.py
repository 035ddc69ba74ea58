"""A company's menu, from its first word until a person is there."""

import logging
from collections.abc import Callable
from typing import Literal

from calls.call import Call, now
from media_service.answering.heard import Heard
from media_service.answering.line_sound import LineSound
from media_service.answering.navigator import Navigator, NoStepError, Step
from media_service.answering.ports import Talk

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""So much silence, and the menu may be waiting for a key."""
SILENCE_SECONDS = 30.0
"""A menu in which nothing is said for so long, leads nowhere."""
SETTLE_SECONDS = 1.5
"""For the listener to settle what it heard."""
STEPS = 15
Outcome = Literal["completed", "conversation", "stuck"]
_PUT_THROUGH = (
    "You have been put through by an automated menu, and a person may answer now. They did not "
    "hear what you said before: say who you are and why you call."
)


class Menu:
    """One menu. Meanwhile the callee has no turns.

    Args:
        change: changes the record, behind the call's back.
    """

    def __init__(
        self,
        talk: Talk,
        heard: Heard,
        sound: LineSound,
        goal: str,
        change: Callable[[Callable[[Call], Call]], None],
    ) -> None:
        self._talk = talk
        self._heard = heard
        self._sound = sound
        self._navigator = Navigator(talk.llm, goal)
        self._change = change

    async def pass_through(self) -> Outcome:
        """Press keys until a person comes to the phone, is being fetched, or nothing helps."""
        await self._talk.deafen()
        await self._talk.release()
        for _ in range(STEPS):
            words = await self._words()
            if not words:
                break
            step = await self._step(words)
            if step.then == "conversation":
                await self._talk.listen()
                await self._talk.tell("developer", _PUT_THROUGH, answer=False)
                await self._talk.tell("user", words, answer=True)
                return "conversation"
            await self._act(step)
            if step.then == "completed":
                await self._talk.listen()
                await self._talk.tell("developer", _PUT_THROUGH, answer=False)
                return "completed"
            if step.then == "stuck":
                break
        return "stuck"

    async def _words(self) -> str:
        """What the menu says up to its next pause; nothing, if it says nothing any more."""
        paused = await self._sound.until(
            lambda: bool(self._heard.text) and self._sound.quiet_seconds >= PAUSE_SECONDS,
            SILENCE_SECONDS,
        )
        if not paused:
            return ""
        if self._heard.unsettled:
            await self._talk.settle()
            await self._sound.until(lambda: not self._heard.unsettled, SETTLE_SECONDS)
        words, began = self._heard.take()
        self._talk.callee_said(words, began)
        return words

    async def _step(self, words: str) -> Step:
        try:
            return await self._navigator.hear(words)
        except NoStepError as error:
            # The menu will say it again.
            log.warning("a menu was not understood", extra={"why": str(error)})
            return Step()

    async def _act(self, step: Step) -> None:
        did = [name for name, value in (("keys", step.keys), ("words", step.words)) if value]
        at = now()
        # Not which: an account's number may be among them.
        detail = " ".join([*did, step.then])
        self._change(lambda call: call.note("menu", at, detail))
        if step.keys:
            await self._talk.press(step.keys)
        if step.words:
            await self._talk.say(step.words)
