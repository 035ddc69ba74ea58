"""Schemathesis' hooks for this API: what its own checks cannot know of it.

Read by the ``schemathesis`` command of test_api_schema.py (SCHEMATHESIS_HOOKS).
"""

import json
from typing import Any
from urllib.parse import urlsplit

import schemathesis

NOBODYS = "https://localhost/calls"
"""Events are not delivered to this machine, and no name server is asked for the name."""


ANSWERS, RINGS = "+15550100001", "+15550100004"
"""The number of the document's example, and one where nobody is heard for 3 seconds."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """No webhook of a made-up address: nothing of a test leaves the machine. And no talks."""
    if not isinstance(case.body, dict):
        return
    _harmless(case.body)
    if isinstance(case.body.get("request"), dict):
        _harmless(case.body["request"])
    if isinstance(case.body.get("contacts"), list):
        for each in case.body["contacts"]:
            if isinstance(each, dict):
                _harmless(each)
    if isinstance(case.body.get("csv"), str):
        case.body["csv"] = case.body["csv"].replace(ANSWERS, RINGS)


def _harmless(request: dict[str, Any]) -> None:
    if request.get("to_number") == ANSWERS:
        request["to_number"] = RINGS
    url = request.get("webhook_url")
    if isinstance(url, str) and _has_host(url):
        request["webhook_url"] = NOBODYS


def _has_host(url: str) -> bool:
    try:
        return url.isprintable() and " " not in url and bool(urlsplit(url).hostname)
    except ValueError:
        return False


@schemathesis.check
def nothing_breaks(context: Any, response: Any, case: Any) -> None:
    """No 5xx, but that all seats are taken, or that Twilio itself said no."""
    if response.status_code < 500:
        return
    problem = _problem(response)
    no_seat = (
        (response.status_code, problem["code"]) == (503, "no_free_seat")
        and case.operation.label == "POST /dialout"
        and int(response.headers["retry-after"][0]) > 0
    )
    # Such as for a caller's number that the account does not have.
    twilio_refused = (response.status_code, problem["code"]) == (502, "telephony_error") and (
        isinstance(problem["twilio_code"], int) and problem["twilio_code"] < 30_000
    )
    assert no_seat or twilio_refused, f"{response.status_code}: {problem}"


@schemathesis.check
def the_status_is_listed(context: Any, response: Any, case: Any) -> None:
    """The document has a ``default`` too, for clients; the status itself has to be in it."""
    listed = _documented(case)
    method = response.request.method.lower()
    if method in listed:
        assert str(response.status_code) in listed[method]["responses"], (
            f"{response.status_code} is not listed for {case.operation.label}"
        )


@schemathesis.check
def a_refusal_is_a_problem(context: Any, response: Any, case: Any) -> None:
    """RFC 9457, with the words for a person and the code for a program."""
    # The gateway itself answers OPTIONS: CORS is not configured.
    if response.status_code < 400 or response.request.method in ("HEAD", "OPTIONS"):
        return
    problem = _problem(response)
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:dialout:problem:{problem['code']}"
    assert problem["detail"]
    assert "Traceback" not in response.text


@schemathesis.check
def what_is_not_documented_is_not_there(context: Any, response: Any, case: Any) -> None:
    """A method that the path does not have: nobody is home. The gateway routes by both."""
    if response.request.method.lower() not in _documented(case):
        assert response.status_code in (401, 403, 404, 405), response.status_code


@schemathesis.check
def what_the_document_allows_is_refused_for_a_reason(
    context: Any, response: Any, case: Any
) -> None:
    """Refused is only what a document cannot say: of texts, and of fields together."""
    if response.status_code != 400 or not case.meta.generation.mode.is_positive:
        return
    for error in _problem(response).get("errors", []):
        field = error["field"].split(".")[0]
        found = _schemas(case, field)
        assert field == "body" or any(_is_text(each) for each in found), (
            f"{error['field']} fits its schema: {error['message']}"
        )


def _problem(response: Any) -> dict[str, Any]:
    kind = response.headers["content-type"][0]
    assert kind == "application/problem+json", f"{response.status_code} as {kind}"
    problem: dict[str, Any] = json.loads(response.content)
    return problem


def _documented(case: Any) -> dict[str, Any]:
    operations: dict[str, Any] = case.operation.schema.raw_schema["paths"][case.operation.path]
    return operations


def _schemas(case: Any, field: str) -> list[dict[str, Any]]:
    """What the document says of a parameter, or of a property of the body."""
    document = case.operation.schema.raw_schema
    operation = _documented(case)[case.operation.method.lower()]
    found = [
        each["schema"] for each in operation.get("parameters", [])
        if each["name"].lower() == field.lower()
    ]  # fmt: skip
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        body = document["components"]["schemas"].get(name, content["schema"])
        if field in body.get("properties", {}):
            found.append(body["properties"][field])
    return found


def _is_text(schema: dict[str, Any]) -> bool:
    """Whether texts may stand there, or in it, that no list of words bounds."""
    if schema.get("type") == "string" and "enum" not in schema:
        return True
    if "$ref" in schema:
        return True  # an object: its texts, and its fields together
    inner = [*schema.get("anyOf", []), *schema.get("patternProperties", {}).values()]
    return any(_is_text(each) for each in inner)
