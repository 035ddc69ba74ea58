"""API keys."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from calls import keys

KEPT = [
    keys.ApiKey(name=name, sha256=keys.sha256(key), created_at=datetime(2026, 1, 1, tzinfo=UTC))
    for name, key in [("crm", "key-1"), ("survey", "key-2")]
]


def test_each_key_has_its_owner() -> None:
    assert keys.owner("key-1", KEPT) == "crm"
    assert keys.owner("key-2", KEPT) == "survey"


@given(st.text())
def test_nobody_owns_another_key(presented: str) -> None:
    if presented not in ("key-1", "key-2"):
        assert keys.owner(presented, KEPT) is None


def test_what_is_kept_comes_back_and_holds_no_key() -> None:
    text = keys.dump(KEPT)
    assert keys.parse(text) == KEPT
    assert "key-1" not in text


def test_made_keys_differ() -> None:
    assert keys.generate() != keys.generate()
