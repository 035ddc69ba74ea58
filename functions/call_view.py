"""A call as the API shows it, and as events tell of it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from calls.call import Call, EndReason, Status, TimelineEntry, Turn
from calls.consent import Consent
from calls.settings import settings


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
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    max_call_seconds: int
    answered_by: str | None
    answer_to_first_audio_ms: int | None
    outcome: dict[str, Any] | None
    recording: RecordingView | None
    timeline: list[TimelineEntry]
    transcript: list[Turn] | None = None
    """Only with a single call."""


def view(call: Call, turns: list[Turn] | None = None) -> CallView:
    """The call, with its conversation if that is given."""
    hidden = {"not_after", "recording", "active_leg", "stream_until", "first_audio_at"}
    recording = call.recording and RecordingView(
        **call.recording.model_dump(),
        url=f"{settings().public_api_url}/calls/{call.call_id}/recording",
    )
    return CallView(
        **call.model_dump(exclude=hidden),
        recording=recording,
        transcript=turns,
        answer_to_first_audio_ms=call.answer_to_first_audio_ms,
    )
