"""The product's own words in one call, in the language that is spoken in it now."""

from calls.agent import Agent
from calls.language import Language, language


class Words:
    """Follows a callee who changes the language. What the agent's file words itself stays.

    Args:
        code: the language that is spoken now, if it is not the agent's.
    """

    def __init__(self, agent: Agent, code: str | None = None) -> None:
        self._agent = agent
        self._code = code or agent.language
        self._fillers = 0

    def follow(self, code: str) -> None:
        """From now on this language is spoken."""
        self._code = code

    @property
    def code(self) -> str:
        """Of the language that is spoken now."""
        return self._code

    @property
    def now(self) -> Language:
        """The language that is spoken now."""
        return language(self._code)

    @property
    def slow_filler(self) -> str:
        """Said when the LLM is slow."""
        return self._agent.filler or self.now.fillers[0]

    def next_filler(self) -> str:
        """Said while a tool is waited for; another each time."""
        fillers = self.now.fillers
        self._fillers += 1
        return fillers[(self._fillers - 1) % len(fillers)]

    @property
    def idle_prompt(self) -> str:
        """Told to the LLM when it is to break the silence."""
        return self._agent.idle.prompt or self.now.idle_prompt

    @property
    def idle_goodbye(self) -> str:
        """Said when the callee stays silent."""
        return self._agent.idle.goodbye or self.now.idle_goodbye
