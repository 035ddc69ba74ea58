"""Every minute: calls whose end nobody reported are settled."""

from typing import Any

from calls.failure import kinds, places
from calls.settling import Settler
from functions import wiring
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
    return {"open": len(open_calls), "settled": settled, "failed": failed}
