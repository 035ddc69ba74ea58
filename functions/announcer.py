"""The table's stream: what a call reaches becomes an event on the bus.

Read from the stream, and not sent by whoever changes a record: so none is lost between the change
and its telling, and nobody who waits for a webhook's answer waits for the bus.
"""

from typing import Any

from calls.call import Call
from calls.call_event import CallEvent, reached, sequence
from calls.failure import kinds, places
from functions import wiring
from functions.call_view import view
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Publish in order; from the first that fails on, the stream sends again."""
    for record in event["Records"]:
        number = record["dynamodb"]["SequenceNumber"]
        try:
            _announce(record["dynamodb"])
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


def _call(image: dict[str, Any] | None) -> Call | None:
    """The record in a stream's image; None, if it is another kind of item."""
    if not image or image["sk"]["S"] != "META" or not image["pk"]["S"].startswith("CALL#"):
        return None
    return Call.model_validate_json(image["document"]["S"])
