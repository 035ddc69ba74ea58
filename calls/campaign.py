"""Many calls to a list of people: what is asked for, and what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from calls.calling_window import CallingWindow
from calls.consent import Consent
from calls.dial_request import Metadata, Number, Unquoted, Webhook
from calls.refused import CampaignOverError, CampaignStateError
from calls.when import Zone

CAMPAIGN_ID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
"""Every campaign's id: a ULID."""
_WINDOW = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$"


def _hours(text: str) -> str:
    CallingWindow.parse(text)
    return text


Hours = Annotated[str, Field(pattern=_WINDOW, examples=["10:00-18:00"]), AfterValidator(_hours)]
Whole = Annotated[int, Unquoted]
Seconds = Annotated[int, Field(ge=30, le=14_400), Unquoted]
Times = Annotated[int, Field(ge=1, le=10), Unquoted]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class CampaignState(StrEnum):
    """Whether a campaign makes calls."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether it never makes a call again."""
        return self in (CampaignState.COMPLETED, CampaignState.CANCELLED)


class Again(BaseModel):
    """When somebody is phoned again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attempts: Times = 1
    """So many attempts may end so; after the last of them it stands. 1: never again."""
    gap_seconds: Whole = Field(3600, ge=0, le=30 * 86_400)
    """Until the next; from the end of the call."""


class Retry(BaseModel):
    """What is done after an attempt that did not reach anybody, by its outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    busy: Again = Again(attempts=3, gap_seconds=600)
    no_answer: Again = Again(attempts=3, gap_seconds=3600)
    machine: Again = Again(attempts=2, gap_seconds=3600)
    """A machine answered, and no message was left."""
    voicemail: Again = Again(attempts=1)
    """A message was left."""
    failed: Again = Again(attempts=2, gap_seconds=300)
    """Twilio refused the call, or it could not be put through."""

    def after(self, disposition: str) -> Again | None:
        """What holds after an attempt that came to this; None: it stands."""
        return getattr(self, disposition, None) if disposition in Retry.model_fields else None


class Breaker(BaseModel):
    """When the campaign pauses by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Annotated[float, Unquoted] = Field(0.5, gt=0, le=1)
    """So many of the last attempts failed (`failed`: not busy, and not unanswered), or more."""
    of_last: Whole = Field(20, ge=5, le=100)
    """Attempts that are looked at; with fewer it does not pause."""

    def trips(self, recent: Sequence["Finished"]) -> bool:
        """Whether these, the newest last, are too many failures."""
        last = recent[-self.of_last :]
        failed = sum(each.failed for each in last)
        return len(last) == self.of_last and failed >= self.share * self.of_last


class CampaignRequest(BaseModel):
    """The body of ``POST /campaigns``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"name": "appointments", "agent": "reminder", "from_number": "+15550000001"}
            ]
        },
    )

    name: Name
    """Yours, to know it again."""
    agent: str | None = Field(None, max_length=40)
    """The name of a file in `agents/`."""
    from_number: Number | None = None
    """The caller's number, one of yours at Twilio; by default DIALOUT_DEFAULT_FROM_NUMBER."""
    calling_window: Hours | None = None
    """When people are phoned, in their own time. What DIALOUT_CALLING_WINDOW does not allow stays
    forbidden."""
    time_zone: Zone | None = None
    """Where those are of whose row it is not said; by default where the number is."""
    max_call_seconds: Seconds | None = None
    retry: Retry = Retry()
    max_attempts: Times = 3
    """So often one contact is phoned, whatever comes of it."""
    breaker: Breaker = Breaker()
    consent: Consent | None = None
    """That every contact agreed to be phoned; needed by agents whose purpose is marketing."""
    webhook_url: Webhook | None = None
    """Where the events of its calls are posted to."""
    metadata: Metadata = Field(default_factory=dict)
    """Yours; comes back with the campaign, and with each of its calls."""


class CampaignChange(BaseModel):
    """The body of ``PATCH /campaigns/{campaign_id}``: what is not given stays."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"state": "running"}]}
    )

    state: Literal["running", "paused", "cancelled"] | None = None
    """`running` starts it, or lets it go on; `paused`: nobody more is phoned; `cancelled`: never
    again. Calls that ring or talk go on to their end."""
    name: Name | None = None
    agent: str | None = Field(None, max_length=40)
    """Like all below, only while it is not running."""
    from_number: Number | None = None
    calling_window: Hours | None = None
    time_zone: Zone | None = None
    max_call_seconds: Seconds | None = None
    retry: Retry | None = None
    max_attempts: Times | None = None
    breaker: Breaker | None = None
    consent: Consent | None = None
    webhook_url: Webhook | None = None
    metadata: Metadata | None = None

    @property
    def terms(self) -> dict[str, Any]:
        """What is to be changed, apart from state and name."""
        given = self.model_fields_set - {"state", "name"}
        never_null = {"retry", "max_attempts", "breaker", "metadata"}
        return {
            name: getattr(self, name)
            for name in given
            if getattr(self, name) is not None or name not in never_null
        }


class Campaign(CampaignRequest):
    """A campaign as it is kept. Frozen: every change makes another."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    campaign_id: str
    """A ULID."""
    state: CampaignState = CampaignState.DRAFT
    paused_because: str | None = None
    """Of a campaign that paused by itself: why."""
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    adding_until: datetime | None = None
    """Contacts are being added: it is not completed before."""
    api_key: str
    """The name of the key that asked for it; its calls are in that name."""

    def start(self, at: datetime) -> "Campaign":
        """This campaign calling; itself, if it does.

        Raises:
            CampaignOverError: it is completed or cancelled.
        """
        if self.state is CampaignState.RUNNING:
            return self
        self.check_open()
        return self._now(CampaignState.RUNNING, at, paused_because=None,
                         started_at=self.started_at or at)  # fmt: skip

    def pause(self, at: datetime, because: str | None = None) -> "Campaign":
        """This campaign paused; itself, if it does not run and is not over.

        Raises:
            CampaignOverError: it is completed or cancelled.
        """
        if self.state is CampaignState.DRAFT:
            raise CampaignStateError("it has not begun: there is nothing to pause")
        self.check_open()
        if self.state is CampaignState.PAUSED:
            return self
        return self._now(CampaignState.PAUSED, at, paused_because=because)

    def cancel(self, at: datetime) -> "Campaign":
        """This campaign ended by request; itself, if it is over."""
        return self if self.state.over else self._now(CampaignState.CANCELLED, at, ended_at=at)

    def complete(self, at: datetime) -> "Campaign":
        """This campaign at its end; itself, if it does not run, or contacts are being added."""
        if self.state is not CampaignState.RUNNING or (
            self.adding_until and at < self.adding_until
        ):
            return self
        return self._now(CampaignState.COMPLETED, at, ended_at=at)

    def adding(self, until: datetime) -> "Campaign":
        """This campaign while contacts are added.

        Raises:
            CampaignOverError: it is completed or cancelled.
        """
        self.check_open()
        latest = max(until, self.adding_until or until)
        return self.model_copy(update={"adding_until": latest})

    def changed(self, change: CampaignChange, at: datetime) -> "Campaign":
        """This campaign with what is given in its place; its state comes last.

        Raises:
            CampaignOverError: it is completed or cancelled.
            CampaignStateError: it is running, and what is given may not change then.
        """
        if change.state == "cancelled":
            return self.cancel(at)
        self.check_open()
        campaign = self
        if change.terms and self.state is CampaignState.RUNNING:
            raise CampaignStateError("it is running: pause it before you change how it calls")
        given = dict(change.terms) | ({"name": change.name} if change.name else {})
        if any(getattr(self, name) != value for name, value in given.items()):
            campaign = self.model_copy(update={**given, "updated_at": at})
        if change.state == "running":
            return campaign.start(at)
        return campaign.pause(at) if change.state == "paused" else campaign

    def check_open(self) -> None:
        """Nothing, if it may still make calls.

        Raises:
            CampaignOverError: it is completed or cancelled.
        """
        if self.state.over:
            raise CampaignOverError(self.state)

    def _now(self, state: CampaignState, at: datetime, **changes: Any) -> "Campaign":
        return self.model_copy(update={"state": state, "updated_at": at, **changes})


@dataclass(frozen=True)
class Finished:
    """One attempt that ended."""

    at: datetime
    failed: bool


@dataclass(frozen=True)
class Tally:
    """How many contacts there are, by state and by disposition."""

    states: dict[str, int] = field(default_factory=dict)
    dispositions: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def left(self) -> int:
        """Contacts without a final disposition."""
        return self.total - self.states.get("done", 0)

    @property
    def calling(self) -> int:
        """Attempts in flight."""
        return self.states.get("calling", 0)


MEASURED = timedelta(minutes=10)
"""So far back the rate is measured."""


def rate(recent: Sequence[Finished], at: datetime) -> float | None:
    """Attempts that ended a minute, lately; None, if too few ended to tell."""
    lately = [each.at for each in recent if at - each.at < MEASURED]
    if len(lately) < 2 or lately[0] >= at:
        return None
    return round(60 * len(lately) / max(1.0, (at - lately[0]).total_seconds()), 2)
