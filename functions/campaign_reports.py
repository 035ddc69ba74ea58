"""Calls of campaigns that ended, from the queue to their contacts; each makes room for the next.

What an event says is not used, but for whose it is: the call's record is read, so it does not
matter in which order events come, or how often.
"""

import json
from datetime import timedelta
from typing import Any

from calls.call import now
from calls.call_event import CallEvent
from calls.campaign import Finished
from calls.failure import kinds, places
from calls.ports import CallNotFoundError
from functions import wiring
from functions.log import logger

_PUMPS = timedelta(seconds=20)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Take each report, then draw the next contacts. What fails comes again."""
    failed: list[dict[str, str]] = []
    ended: dict[str, list[Finished]] = {}
    for message in event["Records"]:
        try:
            _report(message["body"], ended)
        except Exception as error:
            logger.error("Call not reported", kinds=kinds(error), places=places(error))
            failed.append({"itemIdentifier": message["messageId"]})
    try:
        for campaign_id, attempts in ended.items():
            _finish(campaign_id, attempts)
        wiring.campaign_dialing().pump(now() + _PUMPS)
    except Exception as error:
        # The contacts have it; the minute's pump does the rest.
        logger.error("Campaigns not pumped", kinds=kinds(error), places=places(error))
    return {"batchItemFailures": failed}


def _report(body: str, ended: dict[str, list[Finished]]) -> None:
    call_id = str(CallEvent.model_validate(json.loads(body)["detail"]).call["call_id"])
    try:
        reported = wiring.campaign_dialing().report(call_id)
    except CallNotFoundError:
        logger.warning("Call is gone: not reported", call_id=call_id)
        return
    if reported is not None and reported.finished is not None:
        ended.setdefault(reported.campaign_id, []).append(reported.finished)


def _finish(campaign_id: str, attempts: list[Finished]) -> None:
    paused = wiring.campaign_dialing().finish(campaign_id, attempts)
    if paused is not None:
        logger.error(
            "Campaign paused: too many of its calls fail",
            campaign_id=campaign_id, why=paused.paused_because,
        )  # fmt: skip
