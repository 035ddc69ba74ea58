"""A JSON schema in the words that vendors' structured outputs all take.

That is the strictest common subset: every property required, no others, and no bounds on numbers
or texts, which are left out here and checked on our side.
Sources: platform.openai.com/docs/guides/structured-outputs,
console.groq.com/docs/structured-outputs, docs.claude.com (structured outputs).
"""

from collections.abc import Mapping
from typing import Any

_PLAIN = {"string", "number", "integer", "boolean", "null"}
_LEFT_OUT = {
    "title", "default", "examples", "$comment", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "minItems",
    "maxItems", "uniqueItems", "minProperties", "maxProperties",
}  # fmt: skip
_SHARED = ("$defs", "definitions")
_REFERENCES = tuple(f"#/{name}/" for name in _SHARED)


class NotStrictError(ValueError):
    """The schema allows what cannot be said in the subset."""


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without what no vendor is held to.

    Raises:
        NotStrictError: it has a part that the subset has no words for.
    """
    shared = {
        name: {key: _part(part) for key, part in schema[name].items()}
        for name in _SHARED
        if name in schema
    }
    rest = {name: value for name, value in schema.items() if name not in _SHARED}
    return {**_part(rest), **shared}


def _part(part: Any) -> dict[str, Any]:
    if not isinstance(part, Mapping):
        raise NotStrictError("a part may be anything")
    said = {name: value for name, value in part.items() if name not in _LEFT_OUT}
    told = {"description": said.pop("description")} if "description" in said else {}
    return {**_meaning(said), **told}


def _meaning(said: dict[str, Any]) -> dict[str, Any]:
    if said.keys() == {"$ref"} and str(said["$ref"]).startswith(_REFERENCES):
        return said
    if said.keys() == {"anyOf"}:
        return {"anyOf": [_part(each) for each in said["anyOf"]]}
    if "enum" in said and said.keys() <= {"enum", "type"}:
        return said
    if said.keys() == {"const"}:
        return {"enum": [said["const"]]}
    kinds = said.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if said.keys() == {"type"} and set(kinds) <= _PLAIN:
        return said
    if said.keys() == {"type", "items"} and set(kinds) <= {"array", "null"}:
        return {**said, "items": _part(said["items"])}
    return _object(said, kinds)


def _object(said: dict[str, Any], kinds: list[Any]) -> dict[str, Any]:
    parts = said.get("properties") or {}
    known = said.keys() <= {"type", "properties", "required", "additionalProperties"}
    closed = not said.get("additionalProperties")
    if not (known and parts and closed and set(kinds) <= {"object", "null"}):
        raise NotStrictError("a part has no words in the subset")
    if set(said.get("required", ())) != set(parts):
        raise NotStrictError("a part of an object may be missing")
    return {
        "type": said["type"],
        "properties": {name: _part(part) for name, part in parts.items()},
        "required": [*parts],
        "additionalProperties": False,
    }
