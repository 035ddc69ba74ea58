"""What is taken of a CRM's answer."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.context import LARGEST_BYTES, MOST, ContextError, parse
from calls.dial_request import LONGEST


def test_what_a_text_can_show_is_taken() -> None:
    answer = {
        "name": "Zoë", "orders": 3, "vip": True, "rate": 0.5,
        "address": {"city": "Rome"}, "tags": ["a"], "phone": None,
        "long": "x" * (LONGEST + 1), "not a name": "x", "1st": "x", "huge": 10**30,
    }  # fmt: skip
    assert parse(json.dumps(answer).encode()) == {
        "name": "Zoë", "orders": 3, "vip": True, "rate": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [b"", b"nope", b"[1]", b'"x"', b"null", b"\xff\xfe\x00", b"[" * 60_000,
     b'{"a": "' + b"x" * LARGEST_BYTES + b'"}'],
    ids=["nothing", "text", "list", "string", "null", "bytes", "deep", "large"],
)  # fmt: skip
def test_anything_else_is_refused(answer: bytes) -> None:
    with pytest.raises(ContextError):
        parse(answer)


def test_no_more_than_so_many() -> None:
    answer = {f"v{n}": n for n in range(MOST + 10)}
    assert list(parse(json.dumps(answer).encode())) == [f"v{n}" for n in range(MOST)]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_taken_or_refused(answer: bytes) -> None:
    with contextlib.suppress(ContextError):
        parse(answer)


def test_what_is_no_number_is_not_taken() -> None:
    assert parse(b'{"a": NaN, "b": Infinity, "c": 1e999, "d": 1}') == {"d": 1}
