"""The public API's OpenAPI document, from the handlers' own types.

``python -m functions.openapi > docs/openapi.json``; a test holds the two together.
"""

import json
import sys
from typing import Any

from functions import call_records, campaigns, dialout, do_not_call, schedules

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable: decide by it.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}

_AGAIN = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}}}
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
_NOT_CONFIGURED = "Something of the deployment is not set up"
_REFUSALS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "POST /dialout": {
        "403": ("A dial rule forbids it now", {}),
        "409": ("The Idempotency-Key was used for another request", {}),
        "429": ("Not now: the pace is kept", _AGAIN),
        "502": ("Twilio refused the call, or did not say whether it took it", {}),
        "503": (f"No seat is free; or: {_NOT_CONFIGURED.lower()}", {}),
    },
    "DELETE /calls/{call_id}": {
        "409": ("It has ended already; or Twilio has not named it yet", {}),
        "502": ("Twilio refused, or could not be asked", {}),
    },
    "POST /schedules": {"409": ("The Idempotency-Key was used for another request", {})},
    "PATCH /schedules/{schedule_id}": {"409": ("It is finished or cancelled", {})},
    "POST /campaigns": {"409": ("The Idempotency-Key was used for another request", {})},
    "PATCH /campaigns/{campaign_id}": {
        "409": ("It is over; or it has no contacts, or is running, as `detail` says", {})
    },
    "POST /campaigns/{campaign_id}/contacts": {"409": ("It is completed or cancelled", {})},
    "GET /calls/{call_id}/recording": {
        "409": ("It is not finished yet", {}),
        "502": ("Twilio refused, or could not be asked", {}),
    },
}
"""Problems of one operation: status, when, headers."""
_PLACED = (
    ("200", "Explanation", "With `dry_run`: what would happen; nobody is phoned"),
    ("201", "Dialing", "The call is placed"),
    ("202", "Queued", "With `wait`: the call waits for a free seat and its turn"),
)


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of every route that wants a key, and of ``/healthz``."""
    merged: dict[str, Any] = {}
    for app in (dialout.app, call_records.app, schedules.app, campaigns.app, do_not_call.app):
        part = json.loads(app.get_openapi_json_schema(title="Dialout", version="1"))
        if not merged:
            merged = part
            continue
        merged["paths"] |= part["paths"]
        merged["components"]["schemas"] |= part["components"]["schemas"]
    merged.pop("servers", None)
    merged["components"]["schemas"]["Problem"] = _PROBLEM
    merged["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in merged["paths"].items():
        for method, operation in operations.items():
            _finish(f"{method.upper()} {path}", operation)
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        merged["components"]["schemas"].pop(name, None)
    return merged


def _finish(route: str, operation: dict[str, Any]) -> None:
    """What Powertools cannot know: our errors, and who needs a key."""
    path = route.split()[1]
    operation["responses"].pop("422", None)
    operation["responses"].get("204", {}).pop("content", None)
    operation["responses"]["default"] = _problem("A problem")
    for status, (words, headers) in _refusals(route, operation).items():
        operation["responses"].setdefault(status, _problem(words, headers))
    if path != "/healthz":
        operation["security"] = [{"key": []}]
    if path == "/dialout":
        for status, model, words in _PLACED:
            content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
            operation["responses"][status] = {"description": words, "content": content}
    if path.endswith("/contacts") and "requestBody" in operation:
        operation["requestBody"]["content"]["text/csv"] = {"schema": campaigns.CSV_SCHEMA}
    if path.endswith("/results"):
        operation["responses"]["200"] = campaigns.RESULTS
    if path.endswith("/recording"):
        told = {"schema": {"$ref": "#/components/schemas/RecordingAddress"}}
        operation["responses"]["200"] = {
            "description": "Where it is; with `Accept: application/json`",
            "content": {"application/json": told},
        }
        operation["responses"]["303"] = {
            "description": "On to the WAV",
            "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
        }


def _refusals(route: str, operation: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    if operation.get("parameters") or "requestBody" in operation:
        found["400"] = ("`errors` tells each field that is not right, and why", {})
    if not route.endswith("/healthz"):
        found["401"] = ("No key, or an unknown one", _CHALLENGE)
        found["503"] = (_NOT_CONFIGURED, {})
    if "{" in route:
        found["404"] = ("There is no such thing", {})
    return found | _REFUSALS.get(route, {})


def _problem(words: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": words, "content": content, **({"headers": headers} if headers else {})}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, sort_keys=True) + "\n")
