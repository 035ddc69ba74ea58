"""What the API tells, typed. Fields that this version does not know are kept, not dropped."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from dialout.call_request import Consent


class Record(BaseModel):
    """Something that the API told."""

    # A newer API may say more; a client that broke on it would be of no help.
    model_config = ConfigDict(frozen=True, extra="allow")


class Health(Record):
    """Whether the API is alive."""

    status: str


class PlacedCall(Record):
    """The answer to a request for a call: it is being dialled, or it waits."""

    call_id: str
    call_sid: str | None = None
    """Twilio's; None while it is not known yet."""
    status: str
    """``dialing``, or ``queued``."""
    to_number: str | None = None
    """None of a call that waits, like the other fields below."""
    from_number: str | None = None
    agent: str | None = None

    @property
    def waits(self) -> bool:
        """Whether it waits for a seat. ``get`` tells what becomes of it."""
        return self.status == "queued"


class TimelineEntry(Record):
    """Something that happened."""

    at: datetime
    event: str
    detail: str | None = None


class TurnLatency(Record):
    """What the callee waited for, part after part, in milliseconds."""

    turn_ms: int
    token_ms: int
    voice_ms: int
    sound_ms: int


class Turn(Record):
    """What one side said, as far as the other heard it."""

    number: int
    role: str
    """``agent`` or ``callee``."""
    text: str
    at: datetime
    interrupted: bool = False
    kind: str | None = None
    """``greeting``, ``reply``, ``idle``, ``goodbye`` or ``apology``; None of a callee's."""
    latency_ms: int | None = None
    """From the end of the callee's speech to the agent's first sound."""
    latency: TurnLatency | None = None
    """The parts of that."""


class Recording(Record):
    """The recording of a call. Fetch it with ``Client.recording``."""

    recording_sid: str | None = None
    status: str
    duration_seconds: int | None = None
    channels: int | None = None
    url: str | None = None


class RecordingAddress(Record):
    """Where a recording can be fetched by whoever has the address."""

    url: str
    expires_at: datetime


class MediaTask(Record):
    """A media task, as it said last of itself."""

    task_id: str
    seats: int
    live: int
    """Calls that it has."""
    draining: bool
    """It takes no new call."""
    beat_at: datetime


class Fleet(Record):
    """How many calls there may be, and are."""

    seats: int
    """Calls that can go on at once now."""
    taken: int
    """Seats that calls have: dialled, ringing or talking."""
    free: int
    calls_per_second: float
    tasks: list[MediaTask] = []


class Waited(Record):
    """How long the callee waited for the agent's answers."""

    p50_ms: int
    p95_ms: int
    turns: int
    """So many are counted."""


class CallRecord(Record):
    """A call."""

    call_id: str
    call_sid: str | None = None
    status: str
    """``queued``, ``dialing``, ``ringing``, ``in_progress`` or ``ended``."""
    end_reason: str | None = None
    direction: str | None = None
    """``outbound`` or ``inbound``."""
    to_number: str
    from_number: str
    time_zone: str | None = None
    agent: str
    purpose: str | None = None
    consent: Consent | None = None
    variables: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    webhook_url: str | None = None
    api_key: str | None = None
    """The name of the key that asked for it."""
    schedule_id: str | None = None
    campaign_id: str | None = None
    contact_id: str | None = None
    """Whom of the campaign it phones."""
    attempt: int | None = None
    """Of the campaign's to this contact, from 1 on."""
    created_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: int | None = None
    max_call_seconds: int | None = None
    answered_by: str | None = None
    answer_to_first_audio_ms: int | None = None
    latency: Waited | None = None
    outcome: dict[str, Any] | None = None
    """What came of it, in the agent's own fields."""
    summary: str | None = None
    disposition: str | None = None
    """What it came to, such as ``completed``, ``voicemail`` or ``busy``."""
    debriefed_at: datetime | None = None
    """When outcome, summary and disposition were known."""
    recording: Recording | None = None
    timeline: list[TimelineEntry] = []
    transcript: list[Turn] | None = None
    """None in listings."""

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status == "ended"


class Page(Record):
    """Some calls, newest first."""

    calls: list[CallRecord]
    cursor: str | None = None
    """Ask with it for the calls before these; None when there are none."""


class RuleVerdict(Record):
    """What one dial rule says."""

    rule: str
    """The code that a refusal by it has."""
    allows: bool
    detail: str | None = None
    """Why not."""
    allowed_at: datetime | None = None
    """When it would allow the call."""


class Explanation(Record):
    """The answer to a dry run: what would happen. Nobody was phoned."""

    would_dial: bool
    to_number: str
    from_number: str
    agent: str
    time_zones: list[str]
    """Where the callee may be."""
    calling_window: str
    greeting: str | None = None
    max_call_seconds: int
    free_seats: int
    rules: list[RuleVerdict]
