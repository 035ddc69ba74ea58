"""Campaigns, as the API tells of them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from dialout.call_request import Consent
from dialout.record import Record


class Again(BaseModel):
    """When somebody is phoned again."""

    model_config = ConfigDict(frozen=True, extra="allow")

    attempts: int = 1
    """So many in all, the first among them."""
    gap_seconds: int = 3600


class Retry(BaseModel):
    """What is done after an attempt that reached nobody; None: as is usual."""

    model_config = ConfigDict(frozen=True, extra="allow")

    busy: Again | None = None
    no_answer: Again | None = None
    voicemail: Again | None = None
    machine: Again | None = None
    failed: Again | None = None


class Breaker(BaseModel):
    """When a campaign pauses by itself: ``share`` of its last ``of_last`` calls failed."""

    model_config = ConfigDict(frozen=True, extra="allow")

    share: float = 0.5
    of_last: int = 20


class Progress(Record):
    """How far a campaign is."""

    contacts: int
    by_state: dict[str, int]
    """``pending``, ``waiting``, ``calling``, ``settling`` and ``done``."""
    by_disposition: dict[str, int]
    """Of those who are done. ``skipped:do_not_call`` and the like were not phoned, by that rule."""
    attempts_per_minute: float | None = None
    ends_at: datetime | None = None
    """If it goes on as it goes."""

    @property
    def done(self) -> int:
        """So many contacts have their final disposition."""
        return self.by_state.get("done", 0)

    @property
    def calling(self) -> int:
        """So many are being phoned: each has a seat, or waits for one."""
        return self.by_state.get("calling", 0)


class Campaign(Record):
    """Many calls to a list of people."""

    campaign_id: str
    name: str
    state: str
    """``draft``, ``running``, ``paused``, ``completed`` or ``cancelled``."""
    paused_because: str | None = None
    """Why it paused by itself."""
    agent: str
    from_number: str
    calling_window: str | None = None
    time_zone: str | None = None
    max_call_seconds: int | None = None
    retry: Retry | None = None
    max_attempts: int | None = None
    breaker: Breaker | None = None
    consent: Consent | None = None
    webhook_url: str | None = None
    metadata: dict[str, str] | None = None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    api_key: str | None = None
    progress: Progress | None = None
    """None in listings."""


class CampaignPage(Record):
    """Some campaigns, newest first."""

    campaigns: list[Campaign]
    cursor: str | None = None


class BadRow(Record):
    """A row that was left out."""

    line: int
    """Of a CSV, its header's being 1; of a list, its first one's."""
    reason: str


class Added(Record):
    """What came of a list of contacts."""

    added: int
    bad_rows: list[BadRow]


class Contact(Record):
    """A person of a campaign."""

    contact_id: str
    to_number: str
    variables: dict[str, Any] | None = None
    time_zone: str | None = None
    metadata: dict[str, str] | None = None
    state: str
    attempts: int
    next_at: datetime | None = None
    disposition: str | None = None
    last_call_id: str | None = None
    outcome: dict[str, Any] | None = None
    duration_seconds: int | None = None
    added_at: datetime
    updated_at: datetime


class ContactPage(Record):
    """Some contacts, in no order that means anything."""

    contacts: list[Contact]
    cursor: str | None = None


class Preview(Record):
    """What would happen if a campaign were started now."""

    contacts: int
    will_be_called: int
    of_them_later: int
    skipped: dict[str, int]
    """By the rule that forbids them."""
    estimated: bool
    """Reckoned from a part of a long list."""
    calls_per_second: float
    seats: int
    average_call_seconds: int
    seconds: int
    """So long it takes."""
    usd: float
    usd_per_call: float
