"""The answer to a dry run: what would happen to a request, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from calls import agents
from calls.call import Call
from calls.calling_window import CallingWindowError, zones
from calls.dial_rules import Refusal
from calls.settings import Settings


class RuleVerdict(BaseModel):
    """What one dial rule says."""

    rule: str
    """The code that a refusal by it has."""
    allows: bool
    detail: str | None
    """Why not."""
    allowed_at: datetime | None
    """When it would allow the call."""


class Explanation(BaseModel):
    """What would happen. Nothing was written, and nobody phoned."""

    would_dial: bool
    """Every rule allows the call; whether a seat is free is another matter."""
    to_number: str
    from_number: str
    agent: str
    time_zones: list[str]
    """Where the callee may be; empty, if that is not known."""
    calling_window: str
    """In each of these zones."""
    greeting: str | None
    """What the agent would say first; null, if the LLM writes it."""
    max_call_seconds: int
    free_seats: int
    """Without one the call waits, or is refused with 503."""
    rules: list[RuleVerdict]

    @classmethod
    def of(
        cls, call: Call, refusals: Mapping[str, Refusal], free_seats: int, settings: Settings
    ) -> Self:
        """The explanation of a call that was planned."""
        agent = agents.load(call.agent)
        return cls(
            would_dial=not any(refusals.values()),
            to_number=call.to_number,
            from_number=call.from_number,
            agent=call.agent,
            time_zones=_zones(call),
            calling_window=settings.calling_window,
            greeting=agent.opening and agent.render(agent.opening, call.variables),
            max_call_seconds=call.max_call_seconds,
            free_seats=free_seats,
            rules=[
                RuleVerdict(
                    rule=code,
                    allows=refusal is None,
                    detail=None if refusal is None else str(refusal),
                    allowed_at=None if refusal is None else refusal.allowed_at,
                )
                for code, refusal in refusals.items()
            ],
        )


def _zones(call: Call) -> list[str]:
    try:
        return list(zones(call.to_number, call.time_zone))
    except CallingWindowError:
        return []
