"""What may be said of a call that is asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict

Value = str | int | float | bool


class Consent(BaseModel):
    """That the callee agreed to be phoned."""

    model_config = ConfigDict(frozen=True, extra="allow")

    basis: str
    """What it is, such as ``express_written``."""
    at: datetime
    """When it was given, with its time zone."""
    source: str
    """Where it can be found, such as the form or the recording."""


class CallOptions(TypedDict, total=False):
    """What may be given beside the number. What is None is left to the API."""

    from_number: str | None
    """One of your numbers; by default the deployment's."""
    agent: str | None
    """A file in ``agents/``."""
    variables: Mapping[str, Value] | None
    """What the agent's ``{{name}}`` stand for."""
    time_zone: str | None
    """Where the callee is, such as ``Europe/Berlin``; by default where the number is."""
    consent: Consent | None
    max_call_seconds: int | None
    metadata: Mapping[str, str] | None
    """Yours; comes back with the record."""
    webhook_url: str | None
    """Where the call's events are posted to."""


class CallRequest(BaseModel):
    """A call that is asked for: now, or in a schedule."""

    model_config = ConfigDict(frozen=True, extra="allow")

    to_number: str
    """In E.164: +15550100001."""
    from_number: str | None = None
    agent: str | None = None
    variables: dict[str, Any] | None = None
    time_zone: str | None = None
    consent: Consent | None = None
    max_call_seconds: int | None = None
    metadata: dict[str, str] | None = None
    webhook_url: str | None = None
    wait: bool = False
    """Not for a schedule, like ``dry_run``."""
    dry_run: bool = False
