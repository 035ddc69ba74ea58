"""The delivery of an event to a webhook: what its answer means, and when it is tried again.

Pure: the present and chance come in as arguments.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

_HOUR = 3600
DELAYS_SECONDS = (
    10, 30, 60, 300, 900,
    _HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 6 * _HOUR, 8 * _HOUR,
)  # fmt: skip
"""From one attempt to the next: soon, as most failures are short; then for a day, as some are
not."""
ATTEMPTS = len(DELAYS_SECONDS) + 1
SPREAD = 0.25
"""A delay may be so much longer or shorter, lest everybody comes back at once after an outage."""
LONGEST_ASKED_SECONDS = 6 * _HOUR
"""A Retry-After above this counts as this."""


class Verdict(StrEnum):
    """What an HTTP status says of a delivery."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver wants nothing more at this address (410)."""
    AGAIN = "again"


def verdict(status: int) -> Verdict:
    """What the status means. A redirect is not followed, so it is a failure as any other."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    return Verdict.GONE if status == 410 else Verdict.AGAIN


def seconds_to_next(attempt: int, chance: float, asked: int | None = None) -> int | None:
    """How long to wait after an attempt that failed; None, if it was the last.

    Args:
        attempt: the one that failed; the first is 1.
        chance: 0 to 1, drawn for this attempt.
        asked: what the receiver asked for (``asked_seconds``): never sooner than that.
    """
    if attempt >= ATTEMPTS:
        return None
    spread = DELAYS_SECONDS[attempt - 1] * (1 - SPREAD + 2 * SPREAD * chance)
    return round(max(spread, (asked or 0) * (1 + SPREAD * chance)))


def asked_seconds(status: int, retry_after: str | None, at: datetime) -> int | None:
    """What a 429 or 503 asks for in its Retry-After, seconds or a date (RFC 9110, 10.2.3).

    Returns:
        At most LONGEST_ASKED_SECONDS; None, where nothing that makes sense is asked.
    """
    if status not in (429, 503) or retry_after is None:
        return None
    value = retry_after.strip()
    if value.isascii() and value.isdecimal():
        # Python reads no number of more than 4300 digits.
        seconds = int(value) if len(value) <= 4000 else LONGEST_ASKED_SECONDS
        return min(seconds, LONGEST_ASKED_SECONDS)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0, round((until - at).total_seconds())), LONGEST_ASKED_SECONDS)
