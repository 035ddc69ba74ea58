"""What the answering of machines needs of the conversation, and of leaving it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from calls.call import EndReason


class Talk(Protocol):
    """The conversation."""

    @property
    def llm(self) -> Any:
        """The call's own: an LLM, or a stage of several."""

    def hold(self) -> None:
        """Keep back what would be said from now on."""

    async def release(self) -> None:
        """Say what was kept back, and what comes from now on."""

    async def break_off(self) -> None:
        """Stop what is being said or thought, and what is kept back."""

    async def deafen(self) -> None:
        """Break off; from now on the callee has no turns, and the LLM says nothing."""

    async def listen(self) -> None:
        """The callee has turns again."""

    async def settle(self) -> None:
        """Have the listener settle what a muted callee has said."""

    async def say(self, text: str) -> None:
        """Speak this."""

    async def prompt(self, text: str) -> None:
        """Tell the LLM something and have it speak."""

    async def tell(self, role: str, text: str, *, answer: bool) -> None:
        """Add this to what the LLM knows, from a ``developer`` or the ``user``."""

    async def press(self, digits: str) -> None:
        """Send the tones of these keys."""

    def callee_said(self, text: str, at: datetime) -> None:
        """Keep this as a turn of the callee, who said it when they had none."""


class Exit(Protocol):
    """The way out of the call."""

    async def cut(self, reason: EndReason) -> None:
        """Stop whatever is being said, and hang up."""

    async def leave_message(self, words: str, begins: Callable[[], Awaitable[object]]) -> None:
        """Be silent until the machine is ready; then say the words to their end, and hang up."""

    async def repeat_message(self, words: str) -> None:
        """Say them once more, from the beginning, instead of what is left of them."""
