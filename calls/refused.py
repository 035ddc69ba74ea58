"""Why something that was asked for is not done: the errors that whoever asked is told.

They are apart from what raises them, so that a function that only names one, to answer it, does not
load all that can raise it.
"""

from datetime import datetime

from calls.ports import TelephonyError


class AgentError(ValueError):
    """An agent's file, or what was asked of it, is not right. The message says what to mend."""


class DialRefusedError(Exception):
    """Nothing was dialled. The message says what to mend; ``code`` is the API's word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RuleRefusedError(Exception):
    """A rule forbids this call now. ``code`` is the API's word for the rule.

    Attributes:
        allowed_at: when the same call would be allowed; None, if waiting does not help.
    """

    def __init__(self, code: str, message: str, allowed_at: datetime | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.allowed_at = allowed_at


class IdempotencyConflictError(Exception):
    """The key was used for another request."""

    def __init__(self) -> None:
        super().__init__(
            "this Idempotency-Key was used for another request; use a new key for a new call"
        )


class CallNotPlacedError(Exception):
    """The telephony vendor did not take the call, or did not say whether it did."""

    def __init__(self, call_id: str, cause: TelephonyError) -> None:
        super().__init__(str(cause))
        self.call_id = call_id
        self.code = cause.code
        self.ambiguous = cause.ambiguous


class ScheduleRefusedError(Exception):
    """It cannot be scheduled so. The message says what to mend."""


class ScheduleOverError(Exception):
    """It is finished or cancelled, and stays so."""

    def __init__(self, state: str) -> None:
        super().__init__(f"this schedule is {state}: make a new one")


class CampaignStateError(Exception):
    """It cannot be done as the campaign stands. The message says what to do first."""


class CampaignOverError(Exception):
    """It is completed or cancelled, and stays so."""

    def __init__(self, state: str) -> None:
        super().__init__(f"this campaign is {state}: make a new one")


class RowsRefusedError(Exception):
    """A campaign's list as a whole cannot be read. The message says what to mend."""
