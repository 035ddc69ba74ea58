"""Who asked never to be phoned again."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Listing(BaseModel):
    """A number on the do-not-call list. It stays there until somebody takes it off."""

    model_config = ConfigDict(frozen=True)

    number: str
    """In E.164."""
    listed_at: datetime
    source: Literal["api", "tool", "keypress", "speech"]
    """Who listed it: a request, or the callee in a call: by the agent's tool, by a key, by words
    that ask for nothing else."""
    call_id: str | None = None
    """The call in which they asked."""
    reason: str | None = None
