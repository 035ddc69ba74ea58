"""How the agent leaves a call: after its last words, and what then becomes of the callee."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from calls.call import EndReason
from media_service.call_control import CallControl
from media_service.conversation import Conversation
from media_service.hand_off import HandOff
from media_service.journal import Journal
from media_service.phone.utterance import LETTERS_PER_SECOND

FAREWELL_SECONDS = 60.0
"""The longest that last words take to be heard."""
_NOT_TRANSFERRED = (
    "The call could not be handed over. In one sentence, say that you are sorry and that nobody "
    "can be reached now; then go on helping them yourself."
)


class Leaving:
    """One way out at a time; the first that is begun counts, and an opt-out over all others.

    From its beginning on the callee's words are nobody's turn, and the LLM begins nothing.

    Args:
        do: runs a coroutine beside the conversation, under that name.
        over: called when the last words have been heard and the call is to be hung up.
        handed_over: called when somebody else has the callee.
    """

    def __init__(
        self,
        journal: Journal,
        control: CallControl,
        do: Callable[[Coroutine[Any, Any, None], str], None],
        over: Callable[[], None],
        handed_over: Callable[[], None],
    ) -> None:
        self.begun = False
        self._journal = journal
        self._control = control
        self._do = do
        self._over = over
        self._handed_over = handed_over
        self._conversation: Conversation | None = None
        self._hand_off: HandOff | None = None
        self._message: object | None = None
        """Of a message that is being left."""
        self._late: asyncio.TimerHandle | None = None

    def meet(self, conversation: Conversation) -> None:
        """This is what is left, when it is."""
        self._conversation = conversation

    def hang_up(self, reason: EndReason) -> None:
        """Hang up after the words that are on their way."""
        if not self.begun:
            self._begin()
            self._journal.change(lambda call: call.will_end(reason))

    async def time_up(self, words: str) -> None:
        """Stop whatever is being said, and say these words: the call may not get longer."""
        if self.begun:
            return
        self._wait()
        self._journal.change(lambda call: call.will_end(EndReason.MAX_DURATION))
        await self._left.interrupt()
        await self._left.take_leave(words)

    async def cut(self, reason: EndReason) -> None:
        """Stop whatever is being said, and hang up: nobody is there to say goodbye to."""
        if self.begun:
            return
        self.hang_up(reason)
        await self._left.interrupt()
        self.last_word()

    async def leave_message(self, words: str, begins: Callable[[], Awaitable[object]]) -> None:
        """Be silent until a machine takes a message; then say these words, and hang up.

        Only once they were heard does the record say that they were left.
        """
        if self.begun:
            return
        self._begin()
        message = self._message = object()
        await self._left.interrupt()
        await begins()
        if self._message is message:
            await self._say_message(words)

    async def repeat_message(self, words: str) -> None:
        """Say them once more, from the beginning, instead of what is left of them."""
        if self._message:
            await self._left.interrupt()
            await self._say_message(words)

    async def _say_message(self, words: str) -> None:
        self._wait(len(words) / LETTERS_PER_SECOND)
        await self._left.take_leave(words)

    def transfer(self, hand_off: HandOff) -> None:
        """Hand the call over after the words that are on their way.

        Until these were heard the record says nothing of it: a call that loses its stream in the
        middle of them is taken up again.
        """
        if self.begun:
            hand_off.drop()
            return
        self._begin()
        self._hand_off = hand_off

    async def opt_out(self, words: str, listed: asyncio.Event) -> None:
        """Stop whatever is being said or done, and say these words once the number is listed."""
        self._drop()
        self._wait()
        await self._left.interrupt()
        await listed.wait()
        await self._left.take_leave(words)

    def last_word(self) -> None:
        """The last words have been heard."""
        self._disarm()
        if self._hand_off:
            self._do(self._transfer(self._hand_off), "transfer")
        else:
            if self._message:
                self._journal.change(lambda call: call.will_end(EndReason.VOICEMAIL_LEFT))
            self._over()

    def close(self) -> None:
        """The session is over."""
        self._disarm()
        self._drop()

    async def _transfer(self, hand_off: HandOff) -> None:
        if not await self._control.holds():
            return
        await hand_off.tell()
        if self._hand_off is not hand_off:
            return  # The callee opted out meanwhile, or is gone.
        done = await self._control.transfer(hand_off.number)
        if done:
            self._handed_over()
        elif self._hand_off is hand_off:
            self._drop()
            self._disarm()
            self.begun = False
            await self._left.stay(_NOT_TRANSFERRED)

    def _begin(self) -> None:
        self._wait()
        self._left.leave()

    def _wait(self, more_seconds: float = 0) -> None:
        self.begun = True
        self._disarm()
        self._late = asyncio.get_running_loop().call_later(
            FAREWELL_SECONDS + more_seconds, self.last_word
        )

    def _drop(self) -> None:
        self._message = None
        if self._hand_off:
            self._hand_off.drop()
            self._hand_off = None

    def _disarm(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None

    @property
    def _left(self) -> Conversation:
        assert self._conversation is not None
        return self._conversation
