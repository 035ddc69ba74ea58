"""What Twilio's status callback says of a call, and what follows for its record."""

from datetime import datetime, timedelta

from calls.call import Call, EndReason, Status

_ENDS = {
    "busy": EndReason.BUSY,
    "no-answer": EndReason.NO_ANSWER,
    "failed": EndReason.FAILED,
    "canceled": EndReason.CANCELED,
}


def apply(call: Call, call_status: str, at: datetime, duration_seconds: int | None = None) -> Call:
    """The call after Twilio's ``CallStatus``; unchanged by one that is late, repeated or unknown.

    Args:
        duration_seconds: ``CallDuration``, with ``completed``.
    """
    match call_status:
        case "ringing":
            return call.reach(Status.RINGING, "ringing", at)
        case "in-progress":
            return answered(call, at)
        case "completed":
            too_long = duration_seconds is not None and duration_seconds >= call.max_call_seconds
            reason = EndReason.MAX_DURATION if too_long else EndReason.CALLEE_HUNG_UP
            return _picked_up(call, at, duration_seconds).end(reason, at, duration_seconds)
        case status if status in _ENDS:
            return call.end(_ENDS[status], at)
        case _:
            return call


def answered(call: Call, at: datetime) -> Call:
    """The call picked up: Twilio said so, or fetched the TwiML, whichever came first."""
    return call.reach(Status.IN_PROGRESS, "answered", at, answered_at=at)


def _picked_up(call: Call, ended_at: datetime, duration_seconds: int | None) -> Call:
    # Of a call that nobody picked up Twilio does not say "completed". The report that they did may
    # come late, or never.
    if call.ended or call.answered_at:
        return call
    at = ended_at - timedelta(seconds=duration_seconds or 0)
    return call.model_copy(update={"answered_at": at})
