"""The client against docs/openapi.json: what is there can be asked, given and read, and no more."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import Parameter, signature
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel, TypeAdapter

from dialout import Client
from dialout.call_request import CallOptions, CallRequest, Consent
from dialout.campaign import Breaker, Retry
from dialout.exchange import CsvPage, Sent
from dialout.operation import Group, Operation

DOCUMENT = json.loads(Path("docs/openapi.json").read_text())
TYPED: dict[str, type[BaseModel]] = {
    "breaker": Breaker,
    "consent": Consent,
    "request": CallRequest,
    "retry": Retry,
}
"""What is given as a model."""
ROUTES = {
    (method.upper(), path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def groups() -> Iterator[type[Group[Any]]]:
    client = Client("https://api.test", "key")
    yield Client
    yield from (type(each) for each in vars(client).values() if isinstance(each, Group))


OPERATIONS: dict[str, Operation[Any, Any]] = {
    f"{group.__name__}.{name}": getattr(group, name)
    for group in groups()
    for name in dir(group)
    if isinstance(getattr(group, name), Operation)
}
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def asked(route: tuple[str, str]) -> list[Operation[Any, Any]]:
    return [each for each in OPERATIONS.values() if (each.method, each.route) == route]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def example(schema: dict[str, Any], *, full: bool) -> Any:
    """A value of the schema: with all that there may be, or with as little as may be."""
    schema = resolved(schema)
    if "anyOf" in schema:
        options = [resolved(option) for option in schema["anyOf"]]
        wanted = [o for o in options if (o.get("type") == "null") != full]
        return example((wanted or options)[0], full=full)
    for word in ("const", "default"):
        if word in schema and not full:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            names = schema.get("properties", {}) if full else schema.get("required", [])
            return {name: example(schema["properties"][name], full=full) for name in names}
        case "array":
            return [example(schema["items"], full=True)] if full else []
        case "integer" | "number":
            return int(schema.get("minimum", schema.get("maximum", 7)))
        case "boolean":
            return schema.get("const", True)
        case "null":
            return None
    return _text(schema)


def _text(schema: dict[str, Any]) -> str:
    if "examples" in schema:
        return str(schema["examples"][0])
    if "0-7" in schema.get("pattern", ""):
        return "01KAHZ3S7M8C4V0W2TRYQ5N6PX"
    if "[0-9]{7,15}" in schema.get("pattern", ""):
        return "+15550100001"
    if "[01]" in schema.get("pattern", ""):
        return "10:00-18:00"
    formats = {"date-time": "2026-11-25T07:30:00Z", "date": "2026-11-25"}
    return formats.get(schema.get("format", ""), "text")


def documented(route: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """What the document says that may be given there, and where."""
    operation = ROUTES[route]
    given: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "body": {}}
    for each in operation.get("parameters", []):
        given[each["in"]][each["name"]] = each["schema"]
    if body := body_schema(operation):
        given["body"] = body.get("properties", {})
    return given


def body_schema(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return resolved(next(iter(schema.get("anyOf", [schema])), {}))


def sent(operation: Operation[Any, Any]) -> Sent:
    """What is sent when everything that a method takes is given."""
    places = documented((operation.method, operation.route))
    known = {name.replace("-", "_"): s for place in places.values() for name, s in place.items()}
    given = {}
    for name, parameter in signature(operation.describe).parameters.items():
        if name == "self":
            continue
        names = [name]
        if parameter.kind is Parameter.VAR_KEYWORD:
            assert get_args(parameter.annotation) == (CallOptions,)
            names = [*CallOptions.__annotations__]
        for each in names:
            assert each in known, f"{each} is not in the document"
            given[each] = example(known[each], full=True)
    for name in given:
        if name in TYPED:
            given[name] = TYPED[name].model_validate(given[name])
    found = operation.describe(None, **given)
    assert isinstance(found, Sent)
    return found


def test_every_operation_has_a_method_and_every_method_is_an_operation() -> None:
    assert {(each.method, each.route) for each in OPERATIONS.values()} == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_everything_that_may_be_given_can_be_given(route: tuple[str, str]) -> None:
    every = [sent(operation) for operation in asked(route)]
    bodies = [body_of(each) for each in every]
    places = documented(route)
    assert {name for each in every for name in each.path} == set(places["path"])
    assert {name for each in every for name in each.query} == set(places["query"])
    assert {name for body in bodies for name in body} == set(places["body"])
    assert any(each.idempotent for each in every) == ("idempotency-key" in places["header"])


@each_operation
def test_what_is_sent_is_what_the_document_describes(operation: Operation[Any, Any]) -> None:
    schema = body_schema(ROUTES[operation.method, operation.route])
    if schema:
        rooted = {**schema, "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(rooted).validate(body_of(sent(operation)))


def body_of(given: Sent) -> dict[str, Any]:
    body = given.body
    if isinstance(body, BaseModel):
        return body.model_dump(mode="json", exclude_defaults=True)
    return dict(body or {})


def answers(operation: Operation[Any, Any]) -> Iterator[dict[str, Any]]:
    for status, response in ROUTES[operation.method, operation.route]["responses"].items():
        for content in response.get("content", {}).values() if status.startswith("2") else ():
            schema = resolved(content["schema"])
            # One route answers both whoever asks and whoever only wonders.
            if ("would_dial" in schema.get("properties", {})) == (
                operation.model.__name__ == "Explanation"
            ):
                yield schema


@each_operation
def test_every_answer_can_be_read_and_has_nothing_that_is_not_typed(
    operation: Operation[Any, Any],
) -> None:
    if operation.model in (bytes, NoneType):
        # What the route may answer otherwise, another method reads.
        assert len(asked((operation.method, operation.route))) > 1 or not list(answers(operation))
        return
    if operation.model is CsvPage:
        assert [schema["type"] for schema in answers(operation)] == ["string"]
        return
    adapter = TypeAdapter(operation.model)
    schemas = list(answers(operation))
    assert schemas
    for schema in schemas:
        for full in (True, False):
            value = example(schema, full=full)
            if operation.route == "/healthz":
                value = {"status": "ok"}
            assert not _untyped(adapter.validate_python(value))


def _untyped(value: Any, path: str = "") -> list[str]:
    """Where there is a field of which a model only knows that there is one."""
    if isinstance(value, list):
        return [found for each in value for found in _untyped(each, f"{path}[]")]
    if not isinstance(value, BaseModel):
        return []
    inner = ((name, getattr(value, name)) for name in type(value).model_fields)
    return [
        *(f"{path}.{name}" for name in value.model_extra or {}),
        *(found for name, each in inner for found in _untyped(each, f"{path}.{name}")),
    ]


def test_a_field_that_no_model_has_is_found() -> None:
    record = example({"$ref": "#/components/schemas/CallView"}, full=True)
    record["timeline"][0]["brand_new"] = datetime.now(UTC).isoformat()
    assert _untyped(TypeAdapter(Client.get.model).validate_python(record)) == [
        ".timeline[].brand_new"
    ]
