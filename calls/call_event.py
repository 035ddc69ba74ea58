"""What the world is told of a call: an event each time that it reaches a status, and one more."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from calls.call import Call, Status

EventType = Literal[
    "call.started", "call.ringing", "call.answered", "call.ended", "call.analyzed"
]  # fmt: skip

TYPES: dict[Status, EventType] = {
    Status.DIALING: "call.started",
    Status.RINGING: "call.ringing",
    Status.IN_PROGRESS: "call.answered",
    Status.ENDED: "call.ended",
}
ANALYZED: EventType = "call.analyzed"
"""Outcome, summary and disposition are settled, after its end."""


class CallEvent(BaseModel):
    """One event, as it goes over the bus and to a webhook."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Made of the call and the type: one that comes twice is known by it."""
    type: EventType
    at: AwareDatetime
    """When the call reached it."""
    sequence: int
    """The rank of the event within the call: events may come in another order than they happened
    in, and the highest is where the call stands."""
    call: dict[str, Any]
    """The call as ``GET /calls/{id}`` shows it, without its transcript."""


def reached(before: Call | None, after: Call) -> EventType | None:
    """What a change from one record to the next is told as; None, if it reached nothing new."""
    if before is None or after.status.rank > before.status.rank:
        return TYPES.get(after.status)
    if before.debriefed_at is None and after.debriefed_at is not None:
        return ANALYZED
    return None


def sequence(kind: EventType) -> int:
    """An event's rank within its call."""
    ranks: dict[EventType, int] = {each: status.rank for status, each in TYPES.items()}
    return ranks.get(kind, Status.ENDED.rank + 1)
