"""Calls that wait for a seat, from the queues: dialled when one is free and it is their turn.

And calls that are due by a schedule: they begin to wait here.
"""

import json
from typing import Any

from calls.dialing import CallNotPlacedError
from calls.failure import kinds, places
from calls.seats import NotNowError
from calls.settings import settings
from calls.timed import Firing
from calls.waiting import Waiting
from functions import preparing, wiring
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Dial each. What fails unexpectedly comes again; the others of its batch do not."""
    failed = []
    for message in event["Records"]:
        try:
            waiting = _waiting(message["body"])
            if waiting is not None:
                _dial(waiting, message)
        except Exception as error:
            logger.error("Waiting call failed", kinds=kinds(error), places=places(error))
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def _waiting(body: str) -> Waiting | None:
    """The call of this message; None, if it is of a schedule that makes none now."""
    if "schedule_id" not in json.loads(body):
        return Waiting.model_validate_json(body)
    firing = Firing.model_validate_json(body)
    waiting = wiring.timed_calls().take(firing)
    logger.info(
        "Schedule due" if waiting else "Schedule due, and nobody to be phoned",
        schedule_id=firing.schedule_id,
        call_id=waiting.key if waiting else None,
    )
    return waiting


def _dial(waiting: Waiting, message: dict[str, Any]) -> None:
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
