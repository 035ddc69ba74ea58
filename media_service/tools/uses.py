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
        self._open: dict[str, ToolUse] = {}
        self._waiting: ToolUse | None = None

    def begin(self, name: str, arguments: Mapping[str, Any]) -> ToolUse:
        """A tool is about to run."""
        turn, nth = self._turn(), 1
        while f"{turn}/{name}/{nth}" in self._taken:
            nth += 1
        use = ToolUse(turn=turn, name=name, nth=nth, arguments=dict(arguments))
        self._taken.add(use.key)
        self._open[use.key] = use
        self._note(use)
        return use

    def end(self, use: ToolUse, result: Mapping[str, Any], *, answered: bool) -> None:
        """It has run, and the LLM is told this; ``answered``: it has nothing to say of it."""
        self._open.pop(use.key, None)
        self._note(use.finished(result, now(), answered=answered))

    def wait(self, use: ToolUse) -> None:
        """It has run, and is done only once the agent has left; to be done again by another leg."""
        self._waiting = use

    def fail(self, result: Mapping[str, Any]) -> None:
        """What waited for the agent's leaving was not done after all."""
        if self._waiting:
            self.end(self._waiting, result, answered=False)
            self._waiting = None

    def idempotency_key(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Of the use that runs now: its repetition, by whichever leg, has the same."""
        use = next(
            use for use in self._open.values() if (use.name, use.arguments) == (name, arguments)
        )
        return f"{self._call_id}/{use.key}"

    def _note(self, use: ToolUse) -> None:
        self._change(lambda call: call.model_copy(update={"tool_uses": noted(call.tool_uses, use)}))
