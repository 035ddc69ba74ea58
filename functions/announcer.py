"""The table's stream: what a call or a campaign reaches becomes an event on the bus.

Read from the stream, and not sent by whoever changes a record: so none is lost between the change
and its telling, and nobody who waits for a webhook's answer waits for the bus.
"""

from typing import Any

from calls import campaign_event
from calls.call import Call
from calls.call_event import CallEvent, reached, sequence
from calls.campaign import Campaign
from calls.failure import kinds, places
from functions import wiring
from functions.call_view import view
from functions.campaign_view import summary
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Publish in order; from the first that fails on, the stream sends again."""
    for record in event["Records"]:
        number = record["dynamodb"]["SequenceNumber"]
        try:
            _announce(record["dynamodb"])
            _announce_campaign(record["dynamodb"])
        except Exception as error:
            logger.error("Event not published", kinds=kinds(error), places=places(error))
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}


def _announce(change: dict[str, Any]) -> None:
    after = _call(change.get("NewImage"))
    if after is None:
        return
    kind = reached(_call(change.get("OldImage")), after)
    if kind is None:
        return
    at = after.timeline[-1].at if after.timeline else after.created_at
    shown = view(after).model_dump(mode="json", exclude={"transcript"})
    wiring.event_bus().publish(
        CallEvent(
            id=f"{after.call_id}.{kind}", type=kind, at=at, sequence=sequence(kind), call=shown
        )
    )


def _announce_campaign(change: dict[str, Any]) -> None:
    after = _campaign(change.get("NewImage"))
    if after is None:
        return
    kind = campaign_event.reached(_campaign(change.get("OldImage")), after)
    if kind is None:
        return
    wiring.event_bus().publish(
        campaign_event.CampaignEvent(
            id=f"{after.campaign_id}.{kind}.{after.updated_at.isoformat()}",
            type=kind,
            at=after.updated_at,
            campaign=summary(after).model_dump(mode="json"),
        )
    )


def _campaign(image: dict[str, Any] | None) -> Campaign | None:
    """The campaign in a stream's image; None, if it is another kind of item."""
    if not image or image["sk"]["S"] != "META" or not image["pk"]["S"].startswith("CAMPAIGN#"):
        return None
    return Campaign.model_validate_json(image["document"]["S"])


def _call(image: dict[str, Any] | None) -> Call | None:
    """The record in a stream's image; None, if it is another kind of item."""
    if not image or image["sk"]["S"] != "META" or not image["pk"]["S"].startswith("CALL#"):
        return None
    return Call.model_validate_json(image["document"]["S"])
