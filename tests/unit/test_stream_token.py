"""The stream's token: good for one call, one leg, one CallSid, and a while."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.stream_token import StreamTokenError, sign, verify

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = {"call_id": "01A", "leg": 1, "call_sid": "CA1", "at": AT}
TOKEN = sign("secret", "01A", 1, "CA1", AT + timedelta(minutes=10))


def test_a_good_token_passes_and_is_the_same_again() -> None:
    verify("secret", TOKEN, **GOOD)  # type: ignore[arg-type]
    assert sign("secret", "01A", 1, "CA1", AT + timedelta(minutes=10)) == TOKEN


@pytest.mark.parametrize(
    "other",
    [{"call_id": "01B"}, {"leg": 2}, {"call_sid": "CA2"}, {"at": AT + timedelta(minutes=11)}],
)
def test_a_token_of_anything_else_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(StreamTokenError):
        verify("secret", TOKEN, **{**GOOD, **other})  # type: ignore[arg-type]


@given(st.one_of(st.text(), st.text("0123456789.abcdef")))
def test_nothing_made_up_passes(token: str) -> None:
    with pytest.raises(StreamTokenError):
        verify("secret", token, **GOOD)  # type: ignore[arg-type]


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_no_changed_character_passes(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(StreamTokenError):
        verify("secret", changed, **GOOD)  # type: ignore[arg-type]
