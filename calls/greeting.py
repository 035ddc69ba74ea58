"""What is made ready for a call while the phone rings."""

from pydantic import BaseModel, ConfigDict

from calls.variable import Value

LARGEST_BYTES = 350_000
"""Of sound: 43 s. An item of DynamoDB holds 400 KB."""


class Greeting(BaseModel):
    """A call's first words, and what was learned of the callee; any of it may be missing."""

    model_config = ConfigDict(frozen=True)

    text: str | None = None
    """What is said, with all that it has to disclose; None: it could not be written."""
    mulaw: bytes = b""
    """Its sound, at 8 kHz; empty: it could not be made."""
    voice: str = ""
    """Whose sound it is: the vendor and its voice."""
    context: dict[str, Value] = {}
    """Variables that the agent's ``context_url`` gave."""
