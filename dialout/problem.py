"""What may go wrong with a request.

DialoutError
├── ApiError          the API answered, and refused
└── UnreachableError  it did not answer
"""

from collections.abc import Mapping
from typing import Any


class DialoutError(Exception):
    """A request did not do what was asked."""


class ApiError(DialoutError):
    """The API refused: its answer as a problem (RFC 9457)."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: float | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else f"{code} ({status})")
        self.status = status
        """The HTTP status."""
        self.code = code
        """The stable word, such as ``invalid_request``; ``http_<status>`` where there was none."""
        self.detail = detail
        """A sentence for people."""
        self.retry_after = retry_after
        """Seconds after which asking again may help; None if nothing was said of it."""
        self.fields = dict(fields or {})
        """The whole problem, with what else it tells, such as ``call_id`` and ``twilio_code``."""


class UnreachableError(DialoutError):
    """Nobody answered, also not when asked again. What was asked may or may not have been done."""
