"""Where errors become HTTP, all of them: problem+json (RFC 9457) with a stable code."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from calls.adapters.aws import unavailable
from calls.call import CallSidMismatchError
from calls.campaign_ports import CampaignNotFoundError
from calls.failure import kinds, places
from calls.ports import (
    CallNotFoundError,
    ScheduleNotFoundError,
    SecretMissingError,
    TelephonyError,
)
from calls.refused import (
    CallNotPlacedError,
    CampaignOverError,
    CampaignStateError,
    DialRefusedError,
    IdempotencyConflictError,
    RowsRefusedError,
    RuleRefusedError,
    ScheduleOverError,
    ScheduleRefusedError,
)
from calls.seats import NoFreeSeatError, NotNowError, PaceExceededError
from functions.log import logger

CONTENT_TYPE = "application/problem+json"

_UNAVAILABLE = (
    "a service that we need does not answer now. What was asked for may have been done: ask again "
    "with the same Idempotency-Key, and nobody is phoned twice"
)


class ProblemError(Exception):
    """An answer that is not the one hoped for, said by a handler itself."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.more = more


def body(problem: ProblemError) -> str:
    """The problem as RFC 9457 wants it."""
    return json.dumps(
        {
            "type": f"urn:dialout:problem:{problem.code}",
            "title": HTTPStatus(problem.status).phrase,
            "status": problem.status,
            "code": problem.code,
            "detail": problem.detail,
            **problem.more,
        }
    )


def _invalid(error: RequestValidationError) -> ProblemError:
    errors = [
        # Never what was sent: it may be a phone number, and it goes into the caller's logs.
        {"field": _field(e), "message": _message(e)}
        for e in error.errors()
    ]
    detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors)
    return ProblemError(400, "invalid_request", detail, errors=errors)


def _field(error: dict[str, Any]) -> str:
    # Of what is no JSON the place is an offset.
    path = [] if error["type"] == "json_invalid" else error["loc"][1:]
    return ".".join(map(str, path)) or "body"


def _message(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "the body is not JSON"
    if error["type"] == "extra_forbidden":
        return "there is no such field"
    if error["type"] == "string_pattern_mismatch" and error["loc"][0] in ("path", "query"):
        return "take it as the API gave it: no id or cursor looks like this"
    return str(error["msg"]).removeprefix("Value error, ")


def _not_placed(error: CallNotPlacedError) -> ProblemError:
    if error.ambiguous:
        detail = (
            "Twilio did not say whether it placed the call; it is not tried again. "
            f"GET /calls/{error.call_id} tells what became of it"
        )
    else:
        detail = f"{error}; nobody was phoned. https://www.twilio.com/docs/api/errors/{error.code}"
    return ProblemError(
        502, "telephony_error", detail, call_id=error.call_id, twilio_code=error.code
    )


def _refused(error: DialRefusedError) -> ProblemError:
    return ProblemError(503 if error.code == "not_configured" else 400, error.code, str(error))


def _forbidden(error: RuleRefusedError) -> ProblemError:
    allowed_at = error.allowed_at.isoformat() if error.allowed_at else None
    return ProblemError(403, error.code, str(error), allowed_at=allowed_at)


def _not_now(status: int, code: str, error: NotNowError) -> ProblemError:
    return ProblemError(status, code, str(error), headers={"Retry-After": str(error.retry_after)})


_PROBLEMS: dict[type[Exception], Callable[[Any], ProblemError]] = {
    ProblemError: lambda e: e,
    RequestValidationError: _invalid,
    DialRefusedError: _refused,
    RuleRefusedError: _forbidden,
    IdempotencyConflictError: lambda e: ProblemError(409, "idempotency_conflict", str(e)),
    NoFreeSeatError: lambda e: _not_now(503, "no_free_seat", e),
    PaceExceededError: lambda e: _not_now(429, "pace_exceeded", e),
    CallNotPlacedError: _not_placed,
    TelephonyError: lambda e: ProblemError(502, "telephony_error", str(e), twilio_code=e.code),
    CallNotFoundError: lambda _: ProblemError(404, "call_not_found", "there is no such call"),
    CallSidMismatchError: lambda e: ProblemError(403, "call_sid_mismatch", str(e)),
    ScheduleRefusedError: lambda e: ProblemError(400, "invalid_request", str(e)),
    ScheduleOverError: lambda e: ProblemError(409, "schedule_over", str(e)),
    ScheduleNotFoundError: lambda _: ProblemError(
        404, "schedule_not_found", "there is no such schedule"
    ),
    RowsRefusedError: lambda e: ProblemError(400, "invalid_request", str(e)),
    CampaignStateError: lambda e: ProblemError(409, "campaign_state", str(e)),
    CampaignOverError: lambda e: ProblemError(409, "campaign_over", str(e)),
    CampaignNotFoundError: lambda _: ProblemError(
        404, "campaign_not_found", "there is no such campaign"
    ),
    SecretMissingError: lambda e: ProblemError(503, "not_configured", str(e)),
    NotFoundError: lambda _: ProblemError(404, "not_found", "there is nothing at this address"),
}


def problem_of(error: Exception) -> ProblemError:
    """What a caller is told of an error. Of an unexpected one, nothing but that it is ours."""
    for kind, problem in _PROBLEMS.items():
        if isinstance(error, kind):
            return problem(error)
    if unavailable(error):
        logger.error("A service of AWS does not answer", kinds=kinds(error), places=places(error))
        return ProblemError(503, "unavailable", _UNAVAILABLE, headers={"Retry-After": "5"})
    logger.error("Request failed unexpectedly", kinds=kinds(error), places=places(error))
    return ProblemError(500, "internal_error", "something broke on our side; it has been logged")


def answer(problem: ProblemError) -> Response[str]:
    """The problem as a Powertools response."""
    return Response(problem.status, CONTENT_TYPE, body(problem), headers=problem.headers)


def mount(app: APIGatewayHttpResolver) -> None:
    """Have every error of this app answered from here."""
    app.exception_handler([*_PROBLEMS, Exception])(lambda error: answer(problem_of(error)))
