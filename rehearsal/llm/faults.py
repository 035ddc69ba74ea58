"""What goes wrong on purpose, for the scenarios that show how the product takes it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Faults(BaseModel):
    """The body of ``PUT /_rehearsal/faults``. Nothing set: all is well."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refuse: Literal[401, 429, 503] | None = None
    """Every request gets this HTTP status."""
    hang: bool = False
    """Chat requests are accepted and never answered."""
    cut_after_words: int | None = Field(None, ge=0)
    """A streamed answer's connection breaks after so many words."""
    first_token_seconds: float = Field(0, ge=0)
    """Added to the scenario's own time to the first token."""
    retired: frozenset[str] = frozenset()
    """Models that are gone."""
