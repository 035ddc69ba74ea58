"""Calls that wait for a seat, from the queues: dialled when one is free and it is their turn.

And calls that are due by a schedule: they begin to wait here, also if their firing came by the
scheduler's dead letters. Then it is mostly too late, and the record says so.
"""

import json
from typing import Any

from calls.adapters import event_scheduler
from calls.failure import kinds, places
from calls.refused import CallNotPlacedError
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
            waiting = _waiting(message)
            if waiting is not None:
                _dial(waiting, message)
        except Exception as error:
            logger.error("Waiting call failed", kinds=kinds(error), places=places(error))
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def _waiting(message: dict[str, Any]) -> Waiting | None:
    """The call of this message; None, if it is of a schedule that makes none now."""
    firing = _firing(message)
    if firing is None:
        return Waiting.model_validate_json(message["body"])
    if firing.undelivered is not None:
        logger.error(
            "Schedule's firing was not delivered",
            schedule_id=firing.schedule_id,
            error_code=firing.undelivered,
        )
    waiting = wiring.timed_calls().take(firing)
    logger.info(
        "Schedule due" if waiting else "Schedule due, and nobody to be phoned",
        schedule_id=firing.schedule_id,
        call_id=waiting.key if waiting else None,
    )
    return waiting


def _firing(message: dict[str, Any]) -> Firing | None:
    """The firing that this message is of; None, if it is of a call."""
    told = {
        name: each.get("stringValue") for name, each in message.get("messageAttributes", {}).items()
    }
    # A dead letter's body may be cut short; these never are.
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    if "SCHEDULE_ARN" in told:
        schedule_id, timer = event_scheduler.named(str(told["SCHEDULE_ARN"]))
        return Firing.model_validate(
            {
                "schedule_id": schedule_id,
                "timer": timer,
                "execution_id": told.get("EXECUTION_ID"),
                "due_at": told.get("SCHEDULED_TIME"),
                "undelivered": told.get("ERROR_CODE") or "unknown",
            }
        )
    body = message["body"]
    return Firing.model_validate_json(body) if "schedule_id" in json.loads(body) else None


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
    """The URL of the queue that it waits in: the one that it came from, unless that is of dead
    letters."""
    name = message["eventSourceARN"].rpartition(":")[2]
    campaigns = settings().campaign_queue_url
    return campaigns if campaigns.rpartition("/")[2] == name else settings().timed_queue_url
