"""An answer in JSON: what the scenario has the model extract, in the shape that is asked for.

Source: console.groq.com/docs/structured-outputs.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rehearsal.llm.errors import RefusedError

MODELS = frozenset({"openai/gpt-oss-120b", "openai/gpt-oss-20b"})
"""Those that keep to a schema. The others write JSON (``json_object``)."""


class JsonSchema(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    strict: bool = False
    wanted: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    """A request's ``response_format``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    @property
    def is_json(self) -> bool:
        return self.type != "text"


def check(form: ResponseFormat, model: str, text: str, *, stream: bool) -> None:
    """Nothing, if the model can answer in that form.

    Args:
        text: all messages of the request.

    Raises:
        RefusedError: it cannot.
    """
    if form.type == "json_object" and "json" not in text.lower():
        raise _refused("'messages' must contain the word 'json' in some form, to use "
                       "'response_format' of type 'json_object'.")  # fmt: skip
    if form.type != "json_schema":
        return
    if form.json_schema is None:
        raise _refused("'response_format.json_schema' : is required")
    if model not in MODELS:
        raise _refused(
            "This model does not support response format `json_schema`. See supported models at "
            "https://console.groq.com/docs/structured-outputs#supported-models"
        )
    if stream:
        raise _refused("response_format `json_schema` cannot be combined with streaming")
    if form.json_schema.strict and (where := _loose(form.json_schema.wanted, "root")):
        raise _refused(
            f"invalid JSON schema for response_format: {where}: `required` must name every "
            "property, and `additionalProperties` must be false"
        )


def extracted(known: Mapping[str, Any] | None, form: ResponseFormat) -> str:
    """The answer: what is known, and otherwise as little as the schema takes."""
    found: Any = dict(known or {})
    if form.json_schema is not None:
        wanted = form.json_schema.wanted
        found = _filled(wanted, wanted, found)
    return json.dumps(found, ensure_ascii=False)


def _filled(part: Mapping[str, Any], root: Mapping[str, Any], known: Any) -> Any:
    part = _meant(part, root)
    if "properties" in part and (known is None or isinstance(known, dict)):
        given = known or {}
        return {
            name: _filled(each, root, given.get(name)) for name, each in part["properties"].items()
        }
    return _least(part) if known is None else known


def _least(part: Mapping[str, Any]) -> Any:
    kinds = part.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "null" in kinds or None in part.get("enum", ()):
        return None
    if "anyOf" in part:
        return None if {"type": "null"} in part["anyOf"] else _least(part["anyOf"][0])
    if "enum" in part:
        return part["enum"][0]
    return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}.get(kinds[0])


def _meant(part: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = root
    for step in str(part["$ref"]).removeprefix("#/").split("/"):
        found = found[step]
    return _meant(found, root)


def _loose(part: Any, where: str) -> str | None:
    """The first object in a schema that strict mode does not take."""
    if isinstance(part, list):
        return next(filter(None, (_loose(each, where) for each in part)), None)
    if not isinstance(part, dict):
        return None
    parts = part.get("properties")
    if isinstance(parts, dict):
        closed = part.get("additionalProperties") is False
        if not closed or set(part.get("required", ())) != set(parts):
            return where
    inner = ((name, each) for name, each in part.items() if name not in ("enum", "required"))
    return next(filter(None, (_loose(each, f"{where}.{name}") for name, each in inner)), None)


def _refused(message: str) -> RefusedError:
    return RefusedError(400, message, "invalid_request_error")
