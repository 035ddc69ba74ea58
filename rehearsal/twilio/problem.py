"""Twilio's refusals, as its REST API words them: number, sentence, HTTP status."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Problem(Exception):  # noqa: N818 - Twilio too answers with a problem, not an error
    """An answer that is not the one hoped for."""

    code: int
    message: str
    status: int = 400

    def body(self) -> dict[str, Any]:
        """The JSON that Twilio sends."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def unauthorized() -> Problem:
    """Wrong or no credentials."""
    return Problem(20003, "Authenticate", 401)


def not_found(path: str) -> Problem:
    """No such thing, or no longer: also the answer to hanging up a call that has ended."""
    return Problem(20404, f"The requested resource {path} was not found", 404)


def too_many_requests() -> Problem:
    """Faster than the account may."""
    return Problem(20429, "Too Many Requests", 429)


def server_error() -> Problem:
    """Twilio's own trouble: the request may or may not have been carried out."""
    return Problem(20500, "An internal server error has occurred", 500)


def not_in_progress() -> Problem:
    """New instructions for a call that cannot take any."""
    return Problem(21220, "Call is not in-progress. Cannot redirect.")
