"""Every minute: calls whose end nobody reported are settled, and seats that leaked taken back."""

from typing import Any

from calls.call import now
from calls.failure import kinds, places
from calls.settling import Settler
from functions import metric, wiring
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Settle every open call. One that cannot be settled now is left to the next minute."""
    open_calls = wiring.records().open_calls()
    settled = failed = 0
    for call_id in open_calls:
        try:
            call = Settler(wiring.records(), wiring.telephony()).settle(call_id)
        except Exception as error:
            failed += 1
            logger.error(
                "Call not settled", call_id=call_id, kinds=kinds(error), places=places(error)
            )
        else:
            if call.ended:
                settled += 1
                logger.warning("Call settled", call_id=call_id, reason=call.end_reason)
    if settled or failed:
        logger.info("Swept", open=len(open_calls), settled=settled, failed=failed)
    leaked = _take_seats_back()
    return {"open": len(open_calls), "settled": settled, "failed": failed, "leaked": leaked}


def _take_seats_back() -> int:
    """After the settling, with which nearly every seat comes back: those that still did not."""
    expired = wiring.ledger().free_expired(now())
    for call_id in expired:
        logger.warning("Seat taken back: its call should be over", call_id=call_id)
    miscounted = wiring.ledger().reconcile()
    if miscounted:
        logger.error("Seats were miscounted", too_many=miscounted)
    leaked = len(expired) + max(0, miscounted)
    if leaked:
        metric.count("LeasesLeaked", leaked)
    return leaked
