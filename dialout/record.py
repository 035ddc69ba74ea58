"""What the API tells, typed. Fields that this version does not know are kept, not dropped."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    # A newer API may say more; a client that broke on it would be of no help.
    model_config = ConfigDict(frozen=True, extra="allow")


class PlacedCall(_Record):
    """The answer to a request for a call."""

    call_id: str
    call_sid: str | None = None
    """Twilio's; None while it is not known yet."""
    status: str
    to_number: str | None = None
    from_number: str | None = None
    agent: str | None = None


class TimelineEntry(_Record):
    """Something that happened."""

    at: datetime
    event: str
    detail: str | None = None


class TurnLatency(_Record):
    """What the callee waited for, part after part, in milliseconds."""

    turn_ms: int
    """From the end of their speech until their turn was taken for over."""
    token_ms: int
    """Until the first word of the answer."""
    voice_ms: int
    """Until the voice's first sound."""
    sound_ms: int
    """Until it was sent."""


class Latency(_Record):
    """What the callee waited for the agent's answers, over a call."""

    p50_ms: int
    p95_ms: int
    turns: int


class Turn(_Record):
    """What one side said, as far as the other heard it."""

    number: int
    role: str
    """``agent`` or ``callee``."""
    text: str
    at: datetime
    interrupted: bool = False
    latency_ms: int | None = None
    """From the end of the callee's speech to the agent's first sound."""
    latency: TurnLatency | None = None
    """The parts of it."""


class Recording(_Record):
    """The recording of a call. Fetch it with ``Client.recording``."""

    status: str
    duration_seconds: int | None = None
    channels: int | None = None


class CallRecord(_Record):
    """A call."""

    call_id: str
    call_sid: str | None = None
    status: str
    """``queued``, ``dialing``, ``ringing``, ``in_progress`` or ``ended``."""
    end_reason: str | None = None
    to_number: str
    from_number: str
    agent: str
    variables: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    created_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: int | None = None
    answered_by: str | None = None
    outcome: dict[str, Any] | None = None
    """By the agent's schema; None where it was not said."""
    summary: str | None = None
    disposition: str | None = None
    """What it came to: ``completed``, ``callback_requested``, ``no_answer``…"""
    debriefed_at: datetime | None = None
    """When outcome, summary and disposition were settled: some seconds after the end."""
    recording: Recording | None = None
    timeline: list[TimelineEntry] = []
    transcript: list[Turn] | None = None
    """None in listings."""
    latency: Latency | None = None
    """None in listings."""

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status == "ended"


class Page(_Record):
    """Some calls, newest first."""

    calls: list[CallRecord]
    cursor: str | None = None
    """Ask with it for the calls before these; None when there are none."""
