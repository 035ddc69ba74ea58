"""What came of a call: the schema seen with nothing said, and values that come piece by piece."""

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import outcome

SURVEY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "rating": {"type": "integer", "minimum": 1, "maximum": 5},
        "recommends": {"type": "string", "enum": ["yes", "no", "unsure"]},
        "comment": {"type": "string", "maxLength": 20},
        "on": {"type": "string", "format": "date"},
        "tags": {"$ref": "#/$defs/tags"},
        "anything": True,
    },
    "required": ["rating", "recommends"],
    "minProperties": 2,
    "$defs": {"tags": {"type": "array", "items": {"type": "string"}}},
}


def test_nothing_said_is_all_null_and_valid() -> None:
    assert outcome.complete(SURVEY, None) == dict.fromkeys(SURVEY["properties"])
    jsonschema.validate(outcome.complete(SURVEY, None), outcome.view(SURVEY))
    assert outcome.validate(SURVEY, outcome.complete(SURVEY, None)) == []


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"rating": 6}, "rating"),
        ({"rating": "five"}, "rating"),
        ({"recommends": "maybe"}, "recommends"),
        ({"comment": "x" * 21}, "comment"),
        ({"on": "next Tuesday"}, "on"),
        ({"tags": ["a", 1]}, "tags.1"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_what_does_not_fit_is_named(said: dict[str, Any], where: str) -> None:
    (error,) = outcome.validate(SURVEY, said)
    assert where in error
    assert len(error) <= 200


def test_a_part_of_it_fits() -> None:
    assert outcome.validate(SURVEY, {"rating": 5, "tags": ["late"], "on": "2026-11-22"}) == []


def test_the_schema_may_allow_more() -> None:
    assert outcome.validate({**SURVEY, "additionalProperties": {"type": "integer"}}, {"n": 1}) == []


def test_what_was_said_last_counts_and_null_says_nothing() -> None:
    known = outcome.merge(None, {"rating": 3, "comment": "late"})
    known = outcome.merge(known, {"rating": 5, "comment": None})
    assert known == {"rating": 5, "comment": "late"}
    assert list(outcome.complete(SURVEY, known)) == list(SURVEY["properties"])


PARTS = st.sampled_from(
    [
        ({"type": "integer", "minimum": 0}, st.integers(0, 99)),
        ({"type": "string"}, st.text(max_size=8)),
        ({"enum": ["a", "b"]}, st.sampled_from(["a", "b"])),
        ({"type": "string", "enum": ["a", "b"]}, st.sampled_from(["a", "b"])),
        ({"const": 7}, st.just(7)),
        ({"type": ["boolean", "null"]}, st.booleans() | st.none()),
        ({"anyOf": [{"type": "number"}, {"type": "boolean"}]}, st.booleans()),
        ({"not": {"type": "null"}}, st.integers()),
        ({}, st.none() | st.integers()),
    ]
)
NAMES = st.sampled_from(["rating", "reason", "when", "who"])


@st.composite
def conversations(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A schema, and pieces that fit it."""
    parts = draw(st.dictionaries(NAMES, PARTS, min_size=1))
    schema = {
        "type": "object",
        "properties": {name: part for name, (part, _) in parts.items()},
        "required": sorted(parts),
    }
    piece = st.fixed_dictionaries(
        {}, optional={name: values | st.none() for name, (_, values) in parts.items()}
    )
    return schema, draw(st.lists(piece, max_size=5))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(conversations())
def test_however_it_is_said_the_whole_fits(
    conversation: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    schema, pieces = conversation
    jsonschema.Draft202012Validator.check_schema(outcome.view(schema))
    known: dict[str, Any] | None = None
    for piece in pieces:
        assert outcome.validate(schema, piece) == []
        known = outcome.merge(known, piece)
    whole = outcome.complete(schema, known)
    assert outcome.validate(schema, whole) == []
    jsonschema.validate(whole, outcome.view(schema))
    assert set(whole) == set(schema["properties"])
    for name in whole:
        said = [piece[name] for piece in pieces if piece.get(name) is not None]
        assert whole[name] == (said[-1] if said else None)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(conversations())
def test_saying_it_again_changes_nothing(
    conversation: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    schema, pieces = conversation
    for piece in pieces:
        once = outcome.merge(None, piece)
        assert outcome.merge(once, piece) == once
        assert outcome.complete(schema, outcome.complete(schema, once)) == outcome.complete(
            schema, once
        )
