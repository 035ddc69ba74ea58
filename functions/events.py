"""Call events from the bus to the webhook that the call's request named."""

import hashlib
import hmac
import time
from typing import Any

from calls.adapters.guarded_http import GuardedRequestError
from calls.call_event import CallEvent
from functions import wiring
from functions.log import logger

SIGNATURE_HEADER = "Dialout-Signature"


class NotDeliveredError(Exception):
    """The webhook did not take the event. Raised so that Lambda tries again, and then keeps it."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> None:
    """Post one event, signed. Any answer but 2xx is tried again."""
    told = CallEvent.model_validate(event["detail"])
    url = told.call.get("webhook_url")
    if not url:
        return
    body = told.model_dump_json().encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "dialout",
        "dialout-event-id": told.id,
        SIGNATURE_HEADER.lower(): signature(
            wiring.secrets().get("webhook-secret"), body, int(time.time())
        ),
    }
    fields = {"call_id": told.call["call_id"], "event": told.type}
    try:
        status, _ = wiring.guarded_http().post(url, body, headers)
    except GuardedRequestError as error:
        logger.warning("Webhook not reached", why=str(error), **fields)
        raise NotDeliveredError from None
    if not 200 <= status < 300:
        logger.warning("Webhook refused the event", status=status, **fields)
        raise NotDeliveredError
    logger.info("Event delivered", status=status, **fields)


def signature(secret: str, body: bytes, at: int) -> str:
    """``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">``, as Stripe has made common.

    Whoever checks it refuses what is older than some minutes, so that none can be sent again.
    """
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
