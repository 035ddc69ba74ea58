"""Errors in Groq's shape. Source: Groq's error reference."""

from typing import Any

from pydantic import ValidationError


class RefusedError(Exception):
    """The request is answered with this status and body."""

    def __init__(self, status: int, message: str, kind: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"message": message, "type": kind}}
        if code:
            self.body["error"]["code"] = code


def unauthorized() -> RefusedError:
    return RefusedError(401, "Invalid API Key", "invalid_request_error", "invalid_api_key")


def no_such_model(model: str) -> RefusedError:
    message = f"The model `{model}` does not exist or you do not have access to it."
    return RefusedError(404, message, "invalid_request_error", "model_not_found")


def malformed(error: ValidationError) -> RefusedError:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "body"
    return RefusedError(400, f"'{where}' : {first['msg']}", "invalid_request_error")


def switched_on(status: int) -> RefusedError:
    """The error of a fault."""
    if status == 401:
        return unauthorized()
    if status == 429:
        return RefusedError(429, "Rate limit reached", "tokens", "rate_limit_exceeded")
    return RefusedError(503, "Service Unavailable", "internal_server_error")
