"""What the world is told of a call: an event each time that it reaches a status."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from calls.call import Call, Status

EventType = Literal["call.started", "call.ringing", "call.answered", "call.ended"]

TYPES: dict[Status, EventType] = {
    Status.DIALING: "call.started",
    Status.RINGING: "call.ringing",
    Status.IN_PROGRESS: "call.answered",
    Status.ENDED: "call.ended",
}


class CallEvent(BaseModel):
    """One event, as it goes over the bus and to a webhook."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Made of the call and the type: one that comes twice is known by it."""
    type: EventType
    at: AwareDatetime
    """When the call reached it."""
    sequence: int
    """The rank of the status within the call: events may come in another order than they happened
    in, and the highest is where the call stands."""
    call: dict[str, Any]
    """The call as ``GET /calls/{id}`` shows it, without its transcript."""


def reached(before: Call | None, after: Call) -> EventType | None:
    """What a change from one record to the next is told as; None, if it reached no new status."""
    if before is not None and after.status.rank <= before.status.rank:
        return None
    return TYPES.get(after.status)
