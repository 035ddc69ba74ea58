"""That somebody agreed to be phoned: kept with the call, to be shown when it is asked for."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Consent(BaseModel):
    """What whoever asks for the call says of it. We keep it, and cannot check it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: Annotated[str, Field(min_length=1, max_length=100)]
    """What it is, such as `express_written` or `customer_request`."""
    at: AwareDatetime
    """When it was given."""
    source: Annotated[str, Field(min_length=1, max_length=500)]
    """Where it can be found, such as the form or the recording."""
