"""What an agent did with a tool, so that whoever takes the call on does not do it twice."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

MOST = 20
"""So many of a call are kept, the last ones."""
LONGEST = 2_000
"""Characters of a result, as JSON, that are kept."""


class ToolUse(BaseModel):
    """One use of a tool."""

    model_config = ConfigDict(frozen=True)

    turn: int
    """The number of the callee's turn that it is for; 0, if they have said nothing yet."""
    name: str
    nth: int
    """Of the uses of this tool after that turn, from 1 on."""
    arguments: dict[str, Any]
    result: dict[str, Any] | None = None
    """What the LLM was told; None while nobody knows."""
    finished_at: datetime | None = None
    answered: bool = False
    """Whether there is nothing to be said of it."""

    @property
    def key(self) -> str:
        """What it has in common with its repetition by another leg: nothing else has it."""
        return f"{self.turn}/{self.name}/{self.nth}"

    def finished(self, result: Mapping[str, Any], at: datetime, *, answered: bool) -> "ToolUse":
        """This use with its result, as much of it as is kept."""
        text = json.dumps(dict(result), default=str)
        kept = json.loads(text) if len(text) <= LONGEST else {"cut": text[:LONGEST]}
        return self.model_copy(update={"result": kept, "finished_at": at, "answered": answered})


def noted(uses: tuple[ToolUse, ...], use: ToolUse) -> tuple[ToolUse, ...]:
    """``uses`` with this one: in the place of its earlier state, or of a use that was cut short."""
    others = tuple(each for each in uses if each.key != use.key)
    return (*others, use)[-MOST:]
