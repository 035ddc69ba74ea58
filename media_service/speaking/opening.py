"""A call's first words."""

import logging
from collections.abc import Callable
from typing import Any

from calls.agent import Agent
from calls.greeting import Greeting
from media_service.conversation import Conversation
from media_service.phone.line import Line
from media_service.speaking import opening_line
from media_service.speaking.greeting import Prelude

log = logging.getLogger(__name__)


class Opening:
    """The stored greeting, at once; else the agent's own, or one that its LLM writes, live.

    A greeting whose leg died before it was heard is said again from its beginning.

    Args:
        stored: what was prepared while it rang; empty, if nothing was.
        greets: whether there is anything to say: this leg begins the conversation.
    """

    def __init__(self, line: Line, stored: Greeting, *, greets: bool) -> None:
        self._text = stored.text
        self._prelude: Prelude | None = None
        if greets and stored.text and stored.mulaw:
            # At once: the rest of what a call needs takes longer than a callee should wait.
            self._prelude = Prelude(line, stored.mulaw)

    @property
    def how(self) -> str:
        """Where the sound comes from."""
        return "prepared" if self._prelude else "live"

    async def go_on(
        self,
        conversation: Conversation,
        agent: Agent,
        llm: Any,
        render: Callable[[str], str],
        leaving: Callable[[], bool],
    ) -> bool:
        """Have the conversation say it, or the rest of it. Whether there was anything to say."""
        if self._prelude and self._text:
            await conversation.started.wait()
            sent, unsent = await self._prelude.hand_over()
            if not leaving():
                await conversation.go_on(self._text, sent, unsent)
            return True
        words = self._text or await _written(agent, llm, render)
        if words and not leaving():
            await conversation.say(words)
        return bool(words)

    async def stop(self) -> None:
        """Send no more of it."""
        if self._prelude:
            await self._prelude.hand_over()


async def _written(agent: Agent, llm: Any, render: Callable[[str], str]) -> str:
    if agent.opening:
        return render(agent.opening)
    try:
        return await opening_line.write(llm, agent)
    except opening_line.NoOpeningError as error:
        log.error("no opening was written", extra={"why": str(error)})
        return agent.disclosed("")
