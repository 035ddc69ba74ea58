"""X-Twilio-Signature, against Twilio's own vectors and the traps that broke others."""

import json
from pathlib import Path
from typing import Any

import pytest

from calls.adapters.twilio_signature import is_twilios, parse_form

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/twilio_signature.json").read_text())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["id"])
def test_vector(case: dict[str, Any]) -> None:
    form = [(n, v) for n, v in case["form"]] if case["form"] is not None else case["body"]
    assert is_twilios(VECTORS["auth_token"], case["url"], case["signature"], form) == case["valid"]


@pytest.mark.parametrize("signature", [None, ""])
def test_no_signature_is_no_signature(signature: str | None) -> None:
    assert not is_twilios("12345", "https://mycompany.com/", signature, [])


@pytest.mark.parametrize(
    "url", ["https://my:company.com/", "https://[my.company.com/", "https://h:99999/"]
)
@pytest.mark.parametrize("form", [[], [("a", "b")], "", "{}"], ids=repr)
def test_what_is_no_url_was_signed_by_nobody(url: str, form: list[tuple[str, str]] | str) -> None:
    assert not is_twilios("12345", url, "c2lnbmF0dXJl", form)


def test_a_form_keeps_blank_and_repeated_fields() -> None:
    assert parse_form("a=&b=1&b=2&c=%C3%BC") == [("a", ""), ("b", "1"), ("b", "2"), ("c", "ü")]
