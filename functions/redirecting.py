"""Pointing a live call at its next leg, when Twilio does not go there by itself."""

from calls.call import Call
from functions import metric, webhooks, wiring
from functions.log import logger


def redirect(call: Call, leg: int) -> None:
    """Have Twilio fetch that leg now; nothing, if the call is over by now.

    Raises:
        TelephonyError: it was not done; to be tried again.
    """
    if call.call_sid is None:
        return
    wiring.telephony().redirect(call.call_sid, leg_url(call, leg))
    metric.count("CallsRedirected", 1)
    logger.warning("Call redirected: nobody had it", call_id=call.call_id, leg=leg)


def leg_url(call: Call, leg: int) -> str:
    """Where Twilio fetches that leg's instructions."""
    return webhooks.url("/twiml", call_id=call.call_id, leg=leg)
