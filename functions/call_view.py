"""A call as the API shows it, and as events tell of it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from calls.call import Call, EndReason, Status, TimelineEntry, Turn
from calls.consent import Consent
from calls.disposition import Disposition
from calls.settings import settings
from calls.waited import Waited, waited


class RecordingView(BaseModel):
    """The recording of a call, and where to fetch it."""

    recording_sid: str
    status: str
    duration_seconds: int | None
    channels: int | None
    url: str
    """``GET`` it with your key: WAV, callee on the left, agent on the right."""


class CallView(BaseModel):
    """A call as the API shows it."""

    call_id: str
    call_sid: str | None
    status: Status
    end_reason: EndReason | None
    direction: str
    to_number: str
    from_number: str
    time_zone: str | None
    agent: str
    purpose: str
    consent: Consent | None
    variables: dict[str, Any]
    metadata: dict[str, str]
    webhook_url: str | None
    api_key: str
    schedule_id: str | None
    """The schedule that it was due by."""
    campaign_id: str | None
    """The campaign that it is an attempt of."""
    contact_id: str | None
    attempt: int | None
    """The contact's first, second…"""
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    max_call_seconds: int
    answered_by: str | None
    answer_to_first_audio_ms: int | None
    outcome: dict[str, Any] | None
    """By the agent's schema; ``null`` where it was not said. Final once debriefed."""
    summary: str | None
    """Two or three sentences, once debriefed; null where nobody said anything."""
    disposition: Disposition | None
    """What the call came to, once debriefed."""
    debriefed_at: datetime | None
    """When outcome, summary and disposition were settled: some seconds after the end."""
    recording: RecordingView | None
    timeline: list[TimelineEntry]
    transcript: list[Turn] | None = None
    """Only with a single call."""
    latency: Waited | None = None
    """From the end of the callee's speech to the agent's first sound. Only with a single call."""


def view(call: Call, turns: list[Turn] | None = None) -> CallView:
    """The call, with its conversation if that is given."""
    hidden = {
        "not_after", "recording", "stream_until", "first_audio_at",
        "active_leg", "active_task", "fetched_leg", "fetched_at", "adrift_since", "waiting_since",
        "tool_uses",
    }  # fmt: skip
    recording = call.recording and RecordingView(
        **call.recording.model_dump(),
        url=f"{settings().public_api_url}/calls/{call.call_id}/recording",
    )
    return CallView(
        **call.model_dump(exclude=hidden),
        recording=recording,
        transcript=turns,
        latency=waited(turns or ()),
        answer_to_first_audio_ms=call.answer_to_first_audio_ms,
    )
