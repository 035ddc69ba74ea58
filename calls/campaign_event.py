"""What the world is told of a campaign: an event each time that it begins, stops or ends."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from calls.campaign import Campaign, CampaignState

EventType = Literal[
    "campaign.started", "campaign.paused", "campaign.completed", "campaign.cancelled"
]  # fmt: skip
_TYPES: dict[CampaignState, EventType] = {
    CampaignState.RUNNING: "campaign.started",
    CampaignState.PAUSED: "campaign.paused",
    CampaignState.COMPLETED: "campaign.completed",
    CampaignState.CANCELLED: "campaign.cancelled",
}


class CampaignEvent(BaseModel):
    """One event, as it goes over the bus."""

    model_config = ConfigDict(frozen=True)

    id: str
    """One that comes twice is known by it."""
    type: EventType
    at: AwareDatetime
    campaign: dict[str, Any]
    """As ``GET /campaigns`` lists it; ``paused_because`` says why it paused by itself."""


def reached(before: Campaign | None, after: Campaign) -> EventType | None:
    """What a change from one record to the next is told as; None, if it reached nothing new."""
    if before is not None and before.state is after.state:
        return None
    return _TYPES.get(after.state)
