"""A call that waits in a queue for its seat, as the queue's message says it."""

from datetime import timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

LONGEST_WAIT = timedelta(minutes=15)
"""A request that waits is dialled within so long, or not at all: later, nobody expects it."""


class Waiting(BaseModel):
    """The message. It may come twice, and late; the call's record says what was asked for."""

    model_config = ConfigDict(frozen=True)

    key: str
    """The id of the call, whose record is ``queued``. A key dials at most once."""
    not_after: AwareDatetime
    """Then it is too late."""
