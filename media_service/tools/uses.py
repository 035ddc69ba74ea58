"""The tools' uses in a call, kept in its record as they begin and end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from calls.call import Call, now
from calls.tool_use import ToolUse, noted


class Uses:
    """One leg's, on top of those of the legs before.

    Args:
        call_id: the call's.
        earlier: as the record had them when the leg began.
        turn: the number of the callee's last turn.
        change: changes the record, behind the call's back.
    """

    def __init__(
        self,
        call_id: str,
        earlier: Sequence[ToolUse],
        turn: Callable[[], int],
        change: Callable[[Callable[[Call], Call]], None],
    ) -> None:
        self._call_id = call_id
        self._turn = turn
        self._change = change
        # What was cut short is done again under the same key.
        self._taken = {use.key for use in earlier if use.finished_at}
        self._cut_short = [use for use in earlier if not use.finished_at]
        self._waiting: ToolUse | None = None

    def begin(self, name: str, arguments: Mapping[str, Any]) -> ToolUse:
        """A tool is about to run."""
        use = ToolUse(turn=self._turn(), name=name, nth=1, arguments=dict(arguments))
        while use.key in self._taken:
            use = use.model_copy(update={"nth": use.nth + 1})
        # Of several that were cut short, that which was for the same.
        same = [each for each in self._cut_short if _about(each) == _about(use)]
        use = next((each for each in same if each.key not in self._taken), use)
        self._taken.add(use.key)
        self._note(use)
        return use

    def end(self, use: ToolUse, result: Mapping[str, Any], *, answered: bool) -> None:
        """It has run, and the LLM is told this; ``answered``: it has nothing to say of it."""
        self._note(use.finished(result, now(), answered=answered))

    def wait(self, use: ToolUse) -> None:
        """It has run, and is done only once the agent has left; to be done again by another leg."""
        self._waiting = use

    def fail(self, result: Mapping[str, Any]) -> None:
        """What waited for the agent's leaving was not done after all."""
        if self._waiting:
            self.end(self._waiting, result, answered=False)
            self._waiting = None

    def idempotency_key(self, use: ToolUse) -> str:
        """Its repetition, by whichever leg, has the same; no other use has."""
        return f"{self._call_id}/{use.key}"

    def _note(self, use: ToolUse) -> None:
        self._change(lambda call: call.model_copy(update={"tool_uses": noted(call.tool_uses, use)}))


def _about(use: ToolUse) -> tuple[int, str, dict[str, Any]]:
    return use.turn, use.name, use.arguments
