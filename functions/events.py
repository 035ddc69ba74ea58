"""Call events from the queue to the webhook that the call's request named.

The queue does all the waiting: a message that failed is told when to come up again, and after its
last attempt SQS makes it a dead letter.
"""

import json
import time
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from random import random
from typing import Any

from calls.adapters.delivery_queue import DeliveryQueue
from calls.adapters.guarded_http import AddressRefusedError, Answer, GuardedRequestError
from calls.call_event import CallEvent
from calls.delivery import Verdict, asked_seconds, seconds_to_next, verdict
from calls.failure import kinds, places
from calls.signature import HEADER, signature
from functions import wiring
from functions.log import logger

LONGEST_SECONDS = 50
"""For a whole batch: ten less than the function has. What is not done by then comes again."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Deliver a batch, all at once: a webhook that hangs holds up nobody else's."""
    messages = event["Records"]
    # Made here, as boto3 makes clients in one thread at a time only.
    wiring.secrets()
    wiring.guarded_http()
    settle = partial(_settle, wiring.delivery_queue(messages[0]["eventSourceARN"]))
    pool = ThreadPoolExecutor(len(messages))
    settling = {message["messageId"]: pool.submit(settle, message) for message in messages}
    done, late = futures.wait(settling.values(), timeout=LONGEST_SECONDS)
    # Whoever sends a byte now and then keeps a thread, and nobody else's event.
    pool.shutdown(wait=False)
    for _ in late:
        logger.error("Delivery too long")
    return {
        "batchItemFailures": [
            {"itemIdentifier": each}
            for each, settled in settling.items()
            if not (settled in done and settled.result())
        ]
    }


def _settle(queue: DeliveryQueue, message: dict[str, Any]) -> bool:
    """Deliver one, or see to it that it comes again. Whether the queue may forget it."""
    try:
        return _deliver(queue, message)
    except Exception as error:
        # It comes again by itself, after the queue's visibility timeout.
        logger.error("Delivery failed", kinds=kinds(error), places=places(error))
        return False


def _deliver(queue: DeliveryQueue, message: dict[str, Any]) -> bool:
    told = _event(message["body"])
    if told is None:
        queue.give_up(message["body"])
        return True
    url = told.call.get("webhook_url")
    if not url:
        return True
    attempt = int(message["attributes"]["ApproximateReceiveCount"])
    fields: dict[str, Any] = {
        "call_id": told.call.get("call_id"),
        "event": told.type,
        "attempt": attempt,
    }
    asked = None
    try:
        answer = _post(told, url)
        if _taken(answer, fields):
            return True
        asked = asked_seconds(answer.status, answer.headers.get("retry-after"), datetime.now(UTC))
    except AddressRefusedError as error:
        logger.error("Webhook may not be asked: event given up", why=str(error), **fields)
        queue.give_up(message["body"])
        return True
    except GuardedRequestError as error:
        logger.warning("Webhook not reached", why=str(error), **fields)
    except Exception as error:
        logger.error("Event not sent", kinds=kinds(error), places=places(error), **fields)
    wait = seconds_to_next(attempt, random(), asked)  # noqa: S311 -- no secret
    _again(queue, message["receiptHandle"], wait, fields)
    return False


def _event(body: str) -> CallEvent | None:
    """The event in EventBridge's envelope; None, if it is none and never will be."""
    try:
        return CallEvent.model_validate(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError) as error:
        logger.error("Message is no call event: given up", kinds=kinds(error))
        return None


def _post(told: CallEvent, url: str) -> Answer:
    """Send it, signed with the secret and the time of now."""
    body = told.model_dump_json().encode()
    signed = signature(wiring.secrets().get("webhook-secret"), body, int(time.time()))
    headers = {
        "content-type": "application/json",
        "user-agent": "dialout",
        "dialout-event-id": told.id,
        HEADER: signed,
    }
    return wiring.guarded_http().post(url, body, headers)


def _taken(answer: Answer, fields: dict[str, Any]) -> bool:
    """Whether that is the end of it."""
    match verdict(answer.status):
        case Verdict.DELIVERED:
            logger.info("Event delivered", status=answer.status, **fields)
            return True
        case Verdict.GONE:
            logger.warning("Webhook is gone: event dropped", status=answer.status, **fields)
            return True
        case Verdict.AGAIN:
            logger.warning("Webhook refused the event", status=answer.status, **fields)
            return False


def _again(queue: DeliveryQueue, receipt: str, seconds: int | None, fields: dict[str, Any]) -> None:
    if seconds is None:
        logger.error("Event given up", **fields)
    else:
        logger.info("Event waits", seconds=seconds, **fields)
    queue.again(receipt, seconds or 0)
