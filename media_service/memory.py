"""What a leg knows of the call's earlier legs, all of it from the record."""

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from calls.call import Turn
from calls.tool_use import ToolUse

CUT_SHORT = {
    "error": "the connection broke before this was known to be done: if it is still wanted, "
    "call it again"
}
"""The result of a tool whose result nobody kept."""


class Memory:
    """The turns so far, in their order, and what was done with tools between them.

    Attributes:
        language: the code of the one that was spoken last, if it ever was not the agent's.
    """

    def __init__(
        self,
        turns: Sequence[Turn] = (),
        uses: Sequence[ToolUse] = (),
        language: str | None = None,
    ) -> None:
        self.language = language
        self._turns = tuple(turns)
        self._uses = tuple(uses)

    @property
    def next_number(self) -> int:
        """The number of the next turn."""
        return self._turns[-1].number + 1 if self._turns else 1

    @property
    def callee_turn(self) -> int:
        """The number of the callee's last turn; 0, if they have said nothing."""
        return next((each.number for each in reversed(self._turns) if each.role == "callee"), 0)

    @property
    def heard(self) -> tuple[str, ...]:
        """All that the callee has said."""
        return tuple(each.text for each in self._turns if each.role == "callee")

    @property
    def greeted(self) -> bool:
        """Whether the agent has said something, all of it or until it was interrupted."""
        return any(each.role == "agent" for each in self._turns)

    @property
    def silences(self) -> int:
        """How many silences were broken since the callee last said something."""
        since = takewhile(lambda each: each.role == "agent", reversed(self._turns))
        return sum(each.kind == "idle" for each in since)

    @property
    def unanswered(self) -> bool:
        """Whether the callee waits for an answer: to their turn, or of what a tool has found."""
        said = [each for each in self._turns if each.kind != "filler"]
        if said and said[-1].role == "callee":
            return True
        if not self._uses:
            return False
        last = self._uses[-1]
        if last.answered or last.turn < self.callee_turn:
            return False
        # What the agent says while a tool is at work is no answer.
        return last.finished_at is None or not any(
            each.role == "agent" and each.at > last.finished_at for each in said
        )

    @property
    def messages(self) -> list[Any]:
        """For the LLM's context."""
        uses = sorted(self._uses, key=lambda use: use.turn)
        # What was said with a use that was cut short came before it broke off.
        last = [use for use in uses if not use.finished_at and use.turn >= self.callee_turn]
        uses = [use for use in uses if use not in last]
        found = list(self._used(uses, before=1))
        for turn in self._turns:
            if turn.kind != "filler":  # No answer, and the LLM does not know of it.
                role = "assistant" if turn.role == "agent" else "user"
                found.append({"role": role, "content": turn.text})
            found += self._used(uses, before=turn.number + 1)
        found += self._used([*uses, *last], before=self.next_number + len(self._uses))
        return found

    def _used(self, uses: list[ToolUse], before: int) -> Iterator[dict[str, Any]]:
        while uses and uses[0].turn < before:
            use = uses.pop(0)
            call_id = f"call_{use.key.replace('/', '_')}"
            function = {"name": use.name, "arguments": json.dumps(use.arguments)}
            call = {"id": call_id, "type": "function", "function": function}
            result = use.result if use.result is not None else CUT_SHORT
            yield {"role": "assistant", "tool_calls": [call]}
            yield {"role": "tool", "tool_call_id": call_id, "content": json.dumps(result)}
