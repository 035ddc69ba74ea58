"""A campaign as the API lists it, and as events tell of it."""

from datetime import datetime

from pydantic import BaseModel

from calls.campaign import Breaker, Campaign, CampaignState, Retry
from calls.consent import Consent


class CampaignSummary(BaseModel):
    """A campaign as the API lists it."""

    campaign_id: str
    name: str
    state: CampaignState
    paused_because: str | None
    """Why it paused by itself; start it again when that is mended."""
    agent: str
    from_number: str
    calling_window: str | None
    time_zone: str | None
    max_call_seconds: int | None
    retry: Retry
    max_attempts: int
    breaker: Breaker
    consent: Consent | None
    webhook_url: str | None
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    api_key: str


def summary(campaign: Campaign) -> CampaignSummary:
    """The campaign, without what its contacts came to."""
    return CampaignSummary.model_validate(campaign, from_attributes=True)
