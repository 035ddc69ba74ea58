"""What came of a call, as an agent's ``outcome`` schema types it. Pure.

A call says only some of it, and it may say it piece by piece: so the schema is seen with every
property of it possibly null, and with nothing required that nobody said.
"""

from collections.abc import Mapping
from typing import Any

import jsonschema

_OF_THE_PARTS = ("$schema", "$id", "$defs", "definitions", "title", "description")
_MOST_ERRORS = 5
_LONGEST = 200
"""Letters of one error."""

Outcome = dict[str, Any]


def view(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every property possibly null and none required.

    Other properties than those it names are left out, unless it says that there may be more.
    """
    return {**_open(schema), "properties": properties(schema)}


def properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of the schema, each possibly null, in order."""
    return {name: _nullable(part) for name, part in schema.get("properties", {}).items()}


def validate(schema: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """What is wrong with these values, by property; empty, if they fit the schema's view."""
    # Against the parts as they stand, as errors about `null or ...` say nothing.
    validator = jsonschema.Draft202012Validator(
        _open(schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    errors = sorted(
        validator.iter_errors(merge(None, said)),
        key=lambda error: list(map(str, error.absolute_path)),
    )
    return [_words(error) for error in errors[:_MOST_ERRORS]]


def merge(known: Mapping[str, Any] | None, said: Mapping[str, Any]) -> Outcome:
    """What is known now. What was said last counts; a null says nothing."""
    return {**(known or {}), **{name: value for name, value in said.items() if value is not None}}


def complete(schema: Mapping[str, Any], known: Mapping[str, Any] | None) -> Outcome:
    """Every property of the schema, in its order: ``null`` where not said."""
    return {**dict.fromkeys(schema.get("properties", {})), **(known or {})}


def _open(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: schema[name] for name in _OF_THE_PARTS if name in schema},
        "type": "object",
        "properties": dict(schema.get("properties", {})),
        "additionalProperties": schema.get("additionalProperties", False),
    }


def _nullable(part: Any) -> Any:
    if part is True or part == {}:
        return part
    plain = isinstance(part, Mapping) and not {"const", "not", "if"} & part.keys()
    if plain and isinstance(part.get("type"), str) and "enum" not in part:
        # The plainest form: not every LLM's vendor takes `anyOf`.
        return {**part, "type": list(dict.fromkeys([part["type"], "null"]))}
    return {"anyOf": [part, {"type": "null"}]}


def _words(error: jsonschema.ValidationError) -> str:
    where = ".".join(str(step) for step in error.absolute_path)
    return f"{where}: {error.message}"[:_LONGEST] if where else error.message[:_LONGEST]
