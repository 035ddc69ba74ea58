"""The published OpenAPI document is what the handlers say."""

import json
from pathlib import Path

from openapi_spec_validator import validate

from functions.openapi import document
from infra.api import ROUTES

PUBLISHED = Path(__file__).parents[2] / "docs/openapi.json"


def test_the_document_is_current() -> None:
    current = json.loads(json.dumps(document()))
    assert json.loads(PUBLISHED.read_text()) == current, "run `make openapi`"


def test_the_document_is_valid_and_has_every_route() -> None:
    made = document()
    validate(made)
    described = {f"{m.upper()} {path}" for path, ops in made["paths"].items() for m in ops}
    # All but Twilio's.
    routed = {route for module in ROUTES if module != "twiml" for route in ROUTES[module]}
    assert described == routed - {"$default", "OPTIONS /{proxy+}"}


def test_all_but_the_health_check_want_a_key() -> None:
    open_to_all = [
        path
        for path, operations in document()["paths"].items()
        for operation in operations.values()
        if "security" not in operation
    ]
    assert open_to_all == ["/healthz"]
