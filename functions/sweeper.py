"""Every minute: calls whose end nobody reported are settled, calls that nobody serves any more are
sent to another task, and seats that leaked taken back."""

from typing import Any

from calls import resuming
from calls.call import now
from calls.failure import kinds, places
from calls.settling import Settler
from functions import metric, redirecting, wiring
from functions.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Settle every open call. One that cannot be settled now is left to the next minute."""
    open_calls = wiring.records().open_calls()
    settled = failed = redirected = 0
    tasks = _alive() if open_calls else frozenset[str]()
    for call_id in open_calls:
        try:
            call = Settler(wiring.records(), wiring.telephony()).settle(call_id)
            if resuming.silent(call, now(), tasks):
                redirecting.redirect(call, call.active_leg + 1)
                redirected += 1
        except Exception as error:
            failed += 1
            logger.error(
                "Call not settled", call_id=call_id, kinds=kinds(error), places=places(error)
            )
        else:
            if call.ended:
                settled += 1
                logger.warning("Call settled", call_id=call_id, reason=call.end_reason)
    if settled or failed or redirected:
        logger.info(
            "Swept", open=len(open_calls), settled=settled, failed=failed, redirected=redirected
        )
    leaked = _take_seats_back()
    return {
        "open": len(open_calls), "settled": settled, "redirected": redirected,
        "failed": failed, "leaked": leaked,
    }  # fmt: skip


def _alive() -> frozenset[str]:
    """The media tasks that said within the last seconds that they are there."""
    return wiring.ledger().fleet().alive(now())


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
