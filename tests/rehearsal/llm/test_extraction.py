"""What the stand-in answers when it is asked for JSON."""

import json
from typing import Any

import jsonschema
import pytest

from rehearsal.llm import extraction
from rehearsal.llm.errors import RefusedError
from rehearsal.llm.extraction import ResponseFormat

WANTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "disposition": {"type": "string", "enum": ["completed", "unknown"]},
        "outcome": {"$ref": "#/$defs/outcome"},
    },
    "required": ["summary", "disposition", "outcome"],
    "additionalProperties": False,
    "$defs": {
        "outcome": {
            "type": "object",
            "properties": {
                "rating": {"type": ["integer", "null"]},
                "recommends": {"anyOf": [{"enum": ["yes"]}, {"type": "null"}]},
            },
            "required": ["rating", "recommends"],
            "additionalProperties": False,
        }
    },
}


def form(schema: dict[str, Any] | None) -> ResponseFormat:
    if schema is None:
        return ResponseFormat(type="json_object")
    told = {"name": "report", "strict": True, "schema": schema}
    return ResponseFormat.model_validate({"type": "json_schema", "json_schema": told})


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        (None, {"summary": "", "disposition": "completed", "outcome": [None, None]}),
        (
            {"summary": "Good.", "disposition": "unknown", "outcome": {"rating": 4}},
            {"summary": "Good.", "disposition": "unknown", "outcome": [4, None]},
        ),
        (
            # Names that the schema does not know are not said.
            {"outcome": {"recommends": "yes", "mood": "fine"}, "more": 1},
            {"summary": "", "disposition": "completed", "outcome": [None, "yes"]},
        ),
    ],
)
def test_what_the_scenario_does_not_give_is_empty(known: Any, answer: dict[str, Any]) -> None:
    said = json.loads(extraction.extracted(known, form(WANTED)))
    jsonschema.validate(said, WANTED)
    rating, recommends = answer["outcome"]
    assert said == {**answer, "outcome": {"rating": rating, "recommends": recommends}}


def test_without_a_schema_it_says_what_the_scenario_gives() -> None:
    assert json.loads(extraction.extracted({"a": 1}, form(None))) == {"a": 1}
    assert json.loads(extraction.extracted(None, form(None))) == {}


@pytest.mark.parametrize(
    ("schema", "model", "stream"),
    [
        (WANTED, "llama-3.1-8b-instant", False),
        (WANTED, "openai/gpt-oss-20b", True),
        ({**WANTED, "required": []}, "openai/gpt-oss-20b", False),
        ({**WANTED, "additionalProperties": True}, "openai/gpt-oss-20b", False),
    ],
)
def test_groq_refuses(schema: dict[str, Any], model: str, stream: bool) -> None:
    with pytest.raises(RefusedError) as refused:
        extraction.check(form(schema), model, "As JSON.", stream=stream)
    assert refused.value.status == 400


def test_groq_takes_the_rest() -> None:
    extraction.check(form(WANTED), "openai/gpt-oss-20b", "Report.", stream=False)
    extraction.check(form(None), "llama-3.1-8b-instant", "As JSON.", stream=True)
    with pytest.raises(RefusedError):
        extraction.check(form(None), "llama-3.1-8b-instant", "Report.", stream=False)
