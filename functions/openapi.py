"""The public API's OpenAPI document, from the handlers' own types.

``python -m functions.openapi > docs/openapi.json``; a test holds the two together.
"""

import json
import sys
from typing import Any

from functions import call_records, dialout

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

_PLACED = (
    ("201", "Dialing", "The call is placed"),
    ("202", "Queued", "With `wait`: the call waits for a free seat and its turn"),
)


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of every route that wants a key, and of ``/healthz``."""
    merged: dict[str, Any] = {}
    for app in (dialout.app, call_records.app):
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
        for operation in operations.values():
            _finish(path, operation)
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        merged["components"]["schemas"].pop(name, None)
    return merged


def _finish(path: str, operation: dict[str, Any]) -> None:
    """What Powertools cannot know: our errors, and who needs a key."""
    operation["responses"].pop("422", None)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation["responses"]["default"] = {"description": "A problem", "content": content}
    if path != "/healthz":
        operation["security"] = [{"key": []}]
    if path == "/dialout":
        for status, model, words in _PLACED:
            content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
            operation["responses"][status] = {"description": words, "content": content}
    if path.endswith("/recording"):
        operation["responses"].pop("200", None)
        operation["responses"]["303"] = {
            "description": "On to the WAV",
            "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2, sort_keys=True) + "\n")
