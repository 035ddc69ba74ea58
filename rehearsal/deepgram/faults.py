"""What goes wrong on purpose, for the scenarios that show how the product takes it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """How one of the services misbehaves. Nothing set: not at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refuse: Literal[401, 503] | None = None
    """New connections get this HTTP status."""
    hang: bool = False
    """Connections are accepted, and nothing is ever sent, on open ones neither."""
    cut_after_seconds: float | None = Field(None, ge=0)
    """The line breaks without a word, so long after it was opened, or after the fault was set."""
    cut_after_bytes: int | None = Field(None, ge=0)
    """The same, after so many bytes of sound were sent: in the middle of a word."""


class Faults(BaseModel):
    """The body of ``PUT /_rehearsal/faults``. What it leaves out works."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Fault = Fault()
    speak: Fault = Fault()
    account: Fault = Fault()
    """What answers about keys and models; of its faults only ``refuse`` does anything."""
