"""Phone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.phone_number import PhoneNumberError, e164, masked


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+15550100001", "+15550100001"),
        (" +1 (555) 010-0001 ", "+15550100001"),
        ("+49 30 901820", "+4930901820"),
    ],
)
def test_numbers_are_read(text: str, number: str) -> None:
    assert e164(text) == number


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5550100001", "start with"),
        ("", "start with"),
        ("+", "not a phone number"),
        ("+1555", "too few"),
        ("+155501000012345", "too many"),
        ("+999123456", "not a phone number"),
        ("+1555010000x", "too few|wrong"),
    ],
)
def test_what_is_none_is_explained(text: str, words: str) -> None:
    with pytest.raises(PhoneNumberError, match=words):
        e164(text)


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = e164(text)
    except PhoneNumberError:
        return
    assert number.startswith("+")
    assert e164(number) == number


def test_a_masked_number_keeps_four_digits() -> None:
    assert masked("+15550100001") == "********0001"
    assert masked("") == ""
