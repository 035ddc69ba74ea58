"""Every minute: what campaigns still have to do, whatever went wrong before."""

from datetime import timedelta
from typing import Any

from calls.call import now
from functions import wiring
from functions.log import logger

_WORKS = timedelta(seconds=45)
"""So long it begins new work: the next minute goes on."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Look after calls of which no news came, and make calls ready for every free seat."""
    until = now() + _WORKS
    dialing = wiring.campaign_dialing()
    moved = dialing.look_after(until)
    ready = dialing.pump(until)
    if moved or ready:
        logger.info("Campaigns pumped", moved=moved, ready=ready)
    return {"moved": moved, "ready": ready}
