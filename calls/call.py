"""The record of one call, and how it changes. Pure: what happens to it comes in as arguments."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from calls.consent import Consent
from calls.tool_use import ToolUse
from calls.variable import Value

CALL_ID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
"""Every call's id: a ULID."""
RING_SECONDS = 60
"""How long it rings at most: Twilio's own default."""
TWILIO = "twilio"
"""Stands for the API key in what Twilio asked for: a CallSid makes one call."""
GRACE_SECONDS = 60
"""Added to the longest call before its stream token dies and its seat is taken back."""


class Status(StrEnum):
    """Where a call stands. It only ever moves down this list."""

    QUEUED = "queued"
    DIALING = "dialing"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        return list(Status).index(self)


class EndReason(StrEnum):
    """Why a call ended. The first that is known stands."""

    AGENT_HUNG_UP = "agent_hung_up"
    CALLEE_HUNG_UP = "callee_hung_up"
    TRANSFERRED = "transferred"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"
    MACHINE = "machine"
    VOICEMAIL_LEFT = "voicemail_left"
    OPTED_OUT = "opted_out"
    IDLE = "idle"
    MAX_DURATION = "max_duration"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    LOST = "lost"
    UNKNOWN = "unknown"


class TimelineEntry(BaseModel):
    """Something that happened, in the order in which we learned of it."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    event: str
    """A word: ``dialing``, ``ringing``, ``answered``, ``stream_started``, ``ended``…"""
    detail: str | None = None


class Recording(BaseModel):
    """Twilio's recording of the call."""

    model_config = ConfigDict(frozen=True)

    recording_sid: str
    status: Literal["in-progress", "paused", "stopped", "processing", "completed", "absent"]
    """Twilio's words."""
    duration_seconds: int | None = None
    channels: int | None = None


SPOKEN = "language"
"""In the timeline, when the callee has changed the language; its detail is the code."""


class TurnLatency(BaseModel):
    """What the callee waited for, part after part, in milliseconds. Together: ``latency_ms``."""

    model_config = ConfigDict(frozen=True)

    turn_ms: int
    """From the end of the callee's speech (the silence that the VAD waits for counts) until their
    turn was taken for over."""
    token_ms: int
    """From there to the first word of the answer: the LLM's first token, tools that it called
    before included; or words of our own, for which no LLM was asked."""
    voice_ms: int
    """From there to the voice's first sound."""
    sound_ms: int
    """From there until the first sound went out on the line: what is sent before it, it waits
    for."""


class Turn(BaseModel):
    """One finished turn of the conversation: what was said, as far as the other side heard it."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1)
    """Counts through the whole call, over all its legs."""
    role: Literal["agent", "callee"]
    text: str
    at: datetime
    """When the first word was heard or spoken."""
    kind: Literal["greeting", "reply", "filler", "idle", "goodbye", "apology"] | None = None
    """What an agent's turn was for. A ``filler`` is said while the LLM is slow: nobody's answer."""
    interrupted: bool = False
    """An agent's turn that the callee cut; ``text`` ends about where they cut it."""
    latency_ms: int | None = None
    """From the end of the callee's speech to the agent's first sound, where that followed."""
    latency: TurnLatency | None = None
    """The parts of it; None with calls of before they were kept."""


class Call(BaseModel):
    """The record of a call. Frozen: every change makes another."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    """A ULID."""
    status: Status = Status.QUEUED
    direction: Literal["outbound", "inbound"] = "outbound"
    """Who phoned: we, or they."""
    to_number: str
    from_number: str
    time_zone: str | None = None
    """Where the request says that the callee is."""
    agent: str
    purpose: Literal["informational", "marketing"] = "informational"
    """The agent's."""
    consent: Consent | None = None
    """That the callee agreed to be phoned, as whoever asked for the call says."""
    variables: dict[str, Value] = {}
    metadata: dict[str, str] = {}
    webhook_url: str | None = None
    """Where its events are delivered to."""
    api_key: str
    """The name of the key that asked for it."""
    schedule_id: str | None = None
    """The schedule that it was due by."""
    campaign_id: str | None = None
    """The campaign that it is an attempt of."""
    contact_id: str | None = None
    attempt: int | None = None
    """The contact's first, second…"""
    created_at: datetime
    not_after: datetime | None = None
    """Of a call that waits for a seat: then it is too late to dial."""
    max_call_seconds: int
    stream_until: datetime
    """Ring time, ``max_call_seconds`` and 60 s after it was dialled: no stream of the call is let
    in any more, and its seat is taken back."""
    call_sid: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    """A ``calls.answered_by.AnsweredBy``: what we heard, or else what Twilio's detection told."""
    first_audio_at: datetime | None = None
    """When the agent's first sound was sent to the callee."""
    ended_at: datetime | None = None
    duration_seconds: int | None = None
    """Of the talk, as Twilio bills it."""
    end_reason: EndReason | None = None
    """May be known before the call is over, and stands then."""
    outcome: dict[str, Any] | None = None
    """What the agent recorded of its ``outcome`` in the call; once debriefed, all of it, with
    ``null`` where it was not said."""
    summary: str | None = None
    """Two or three sentences; None, if nobody said anything, or no LLM could be asked."""
    disposition: str | None = None
    """A ``calls.disposition.Disposition``, once debriefed."""
    debriefed_at: datetime | None = None
    """When summary, disposition and outcome were settled, after its end."""
    recording: Recording | None = None
    active_leg: int = 0
    """The leg whose stream is the call's; 0 before the first."""
    active_task: str | None = None
    """The media task that has it, as it calls itself in its heartbeat."""
    fetched_leg: int = 0
    """The newest leg that Twilio has instructions for; see ``calls.resuming``."""
    fetched_at: datetime | None = None
    """When it last asked."""
    adrift_since: datetime | None = None
    """Since when its stream is over and Twilio has not asked; None while it is served."""
    waiting_since: datetime | None = None
    """Since when nobody is there to take the call on; None while somebody has it."""
    tool_uses: tuple[ToolUse, ...] = ()
    """What was done with tools, for the leg that takes the call on."""
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status is Status.ENDED

    @property
    def person(self) -> str:
        """The number of whom the agent talks with; ``anonymous``, if they withhold it."""
        return self.to_number if self.direction == "outbound" else self.from_number

    @property
    def ours(self) -> str:
        """Our number in the call."""
        return self.from_number if self.direction == "outbound" else self.to_number

    @property
    def spoken_language(self) -> str | None:
        """The code of the language that was spoken last, if it ever was not the agent's."""
        told = (entry.detail for entry in reversed(self.timeline) if entry.event == SPOKEN)
        return next(told, None)

    @property
    def was_queued(self) -> bool:
        """Whether it had to wait for a seat."""
        return self.not_after is not None

    @property
    def dialed_at(self) -> datetime:
        """When it was dialled; when it was asked for, before that."""
        dialed = (entry.at for entry in self.timeline if entry.event == Status.DIALING)
        return next(dialed, self.created_at)

    def dial(self, at: datetime) -> "Call":
        """This call dialled now, with all of its time before it.

        Raises:
            NotQueuedError: it was dialled already, or is over.
        """
        if self.status is not Status.QUEUED:
            raise NotQueuedError(self.call_id)
        return self.reach(
            Status.DIALING, Status.DIALING, at, stream_until=longest(at, self.max_call_seconds)
        )

    @property
    def answer_to_first_audio_ms(self) -> int | None:
        """From the answer, as we learned of it, to the agent's first sound."""
        if self.answered_at is None or self.first_audio_at is None:
            return None
        return round((self.first_audio_at - self.answered_at).total_seconds() * 1000)

    def note(self, event: str, at: datetime, detail: str | None = None, **changes: Any) -> "Call":
        """This call with fields changed and a line more in its timeline."""
        entry = TimelineEntry(at=at, event=event, detail=detail)
        return self.model_copy(update={**changes, "timeline": (*self.timeline, entry)})

    def reach(self, status: Status, event: str, at: datetime, **changes: Any) -> "Call":
        """This call moved on to ``status``; itself, if it is there or further on already.

        A late, repeated or out-of-order report so never moves a call backwards.
        """
        if status.rank <= self.status.rank:
            return self
        return self.note(event, at, status=status, **changes)

    def bind(self, call_sid: str) -> "Call":
        """This call known to be Twilio's ``call_sid``.

        Raises:
            CallSidMismatchError: it is bound to another one.
        """
        if self.call_sid == call_sid:
            return self
        if self.call_sid is not None:
            raise CallSidMismatchError(self.call_id)
        return self.model_copy(update={"call_sid": call_sid})

    def will_end(self, reason: EndReason) -> "Call":
        """This call with the reason for its end known, unless one is known already."""
        if self.end_reason is not None:
            return self
        return self.model_copy(update={"end_reason": reason})

    def end(self, reason: EndReason, at: datetime, duration_seconds: int | None = None) -> "Call":
        """This call over. The reason that was known first stands; ending twice changes nothing."""
        return self.will_end(reason).reach(
            Status.ENDED, "ended", at, ended_at=at, duration_seconds=duration_seconds
        )

    def claim_leg(
        self, leg: int, stream_sid: str, at: datetime, task_id: str | None = None
    ) -> "Call":
        """This call with ``leg`` as its active leg, in the hands of that media task.

        Raises:
            LegRefusedError: the call is over or about to be, or this leg was used already.
        """
        if self.ended or self.end_reason is not None or leg <= self.active_leg:
            raise LegRefusedError(self.call_id, leg)
        return self.note(
            "stream_started", at, detail=stream_sid,
            active_leg=leg, active_task=task_id, adrift_since=None, waiting_since=None,
        )  # fmt: skip


class NotQueuedError(Exception):
    """The call does not wait to be dialled any more."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"call {call_id} was dialled already, or is over")


class CallSidMismatchError(Exception):
    """The call is bound to another CallSid."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"call {call_id} is bound to another CallSid")


class LegRefusedError(Exception):
    """The leg may not be served: used, overtaken, or its call is over."""

    def __init__(self, call_id: str, leg: int) -> None:
        super().__init__(f"leg {leg} of call {call_id} may not be served")


def longest(dialed_at: datetime, max_call_seconds: int) -> datetime:
    """When a call that is dialled then is over at the latest."""
    return dialed_at + timedelta(seconds=RING_SECONDS + max_call_seconds + GRACE_SECONDS)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)
