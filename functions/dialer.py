"""Calls that wait for a seat, from the queues: dialled when one is free and it is their turn."""

from typing import Any

from calls.dialing import CallNotPlacedError
from calls.failure import kinds, places
from calls.seats import NotNowError
from calls.settings import settings
from calls.waiting import Waiting
from functions import preparing, wiring
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Dial each. What fails unexpectedly comes again; the others of its batch do not."""
    failed = []
    for message in event["Records"]:
        try:
            _dial(message)
        except Exception as error:
            logger.error("Waiting call failed", kinds=kinds(error), places=places(error))
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def _dial(message: dict[str, Any]) -> None:
    waiting = Waiting.model_validate_json(message["body"])
    try:
        call = wiring.dialer().dial_waiting(waiting)
    except NotNowError as refused:
        # Another message, and no failure: five of those would make it a dead letter.
        wiring.dial_queue(_queue_of(message)).put(waiting, refused.retry_after)
    except CallNotPlacedError as error:
        # The record says so, and nothing is asked twice of Twilio.
        logger.error("Waiting call not placed", call_id=error.call_id, twilio_code=error.code)
    else:
        logger.info("Waiting call done", call_id=call.call_id, status=call.status)
        preparing.ask(call)


def _queue_of(message: dict[str, Any]) -> str:
    """The URL of the queue that it came from."""
    name = message["eventSourceARN"].rpartition(":")[2]
    urls = (settings().timed_queue_url, settings().campaign_queue_url)
    return next(url for url in urls if url.rpartition("/")[2] == name)
