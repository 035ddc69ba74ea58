"""Calls that ended, from the queue to what came of them.

The queue does all the waiting: see ``functions.events``. After the last attempt the record is
settled without an LLM, and SQS makes the message a dead letter.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import random
from typing import Any

from calls.adapters.delivery_queue import DeliveryQueue
from calls.call_event import CallEvent
from calls.debrief import Debriefer, seconds_to_next
from calls.failure import kinds, places
from calls.ports import CallNotFoundError, CompletionError
from calls.refused import AgentError
from functions import wiring
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Debrief a batch, all at once: an LLM that hangs holds up no other agent's."""
    messages = event["Records"]
    # Made here, as boto3 makes clients in one thread at a time only.
    debriefer, queue = wiring.debriefer(), wiring.delivery_queue(messages[0]["eventSourceARN"])
    with ThreadPoolExecutor(len(messages)) as pool:
        settled = list(pool.map(partial(_settle, debriefer, queue), messages))
    return {
        "batchItemFailures": [
            {"itemIdentifier": message["messageId"]}
            for message, done in zip(messages, settled, strict=True)
            if not done
        ]
    }


def _settle(debriefer: Debriefer, queue: DeliveryQueue, message: dict[str, Any]) -> bool:
    """Debrief one call, or see to it that it comes again. Whether the queue may forget it."""
    try:
        call_id = _call_id(message["body"])
        if call_id is None:
            queue.give_up(message["body"])
            return True
        return _debrief(debriefer, queue, message, call_id)
    except Exception as error:
        # It comes again by itself, after the queue's visibility timeout.
        logger.error("Debriefing failed", kinds=kinds(error), places=places(error))
        return False


def _debrief(
    debriefer: Debriefer, queue: DeliveryQueue, message: dict[str, Any], call_id: str
) -> bool:
    attempt = int(message["attributes"]["ApproximateReceiveCount"])
    fields: dict[str, Any] = {"call_id": call_id, "attempt": attempt}
    try:
        call = debriefer.debrief(call_id)
    except CallNotFoundError:
        logger.warning("Call is gone: not debriefed", **fields)
        return True
    except AgentError:
        logger.error("Call debriefed without its agent, which is not right", **fields)
        debriefer.give_up(call_id)
        return True
    except CompletionError as error:
        logger.warning("LLM did not answer", why=str(error), **fields)
    except Exception as error:
        logger.error("Call not debriefed", kinds=kinds(error), places=places(error), **fields)
    else:
        logger.info("Call debriefed", disposition=call.disposition, **fields)
        return True
    _again(debriefer, queue, message["receiptHandle"], attempt, fields)
    return False


def _again(
    debriefer: Debriefer, queue: DeliveryQueue, receipt: str, attempt: int, fields: dict[str, Any]
) -> None:
    seconds = seconds_to_next(attempt, random())  # noqa: S311 -- no secret
    if seconds is None:
        debriefer.give_up(fields["call_id"])
        logger.error("Debriefing given up", **fields)
    queue.again(receipt, seconds or 0)


def _call_id(body: str) -> str | None:
    """Of the event in EventBridge's envelope; None, if it is none and never will be."""
    try:
        call_id = CallEvent.model_validate(json.loads(body)["detail"]).call["call_id"]
    except (ValueError, KeyError, TypeError) as error:
        logger.error("Message is no call event: given up", kinds=kinds(error))
        return None
    return str(call_id)
