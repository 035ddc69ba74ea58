"""The rehearsed network signs as Twilio does: the same vectors that our validation is held to."""

import json
from pathlib import Path

import pytest

from rehearsal.twilio.signature import sign

_VECTORS = json.loads((Path(__file__).parent.parent / "vectors/twilio_signature.json").read_text())
_SIGNED = [case for case in _VECTORS["cases"] if case["valid"] and case["body"] is None]
_OTHERS = {
    "S5 http signed with :80",  # Twilio does either; this network signs the URL as it was given
    "S10 userinfo signed with :443",
    "S12 array order independent",  # no webhook of a call repeats a name
}


@pytest.mark.parametrize(
    "case", [case for case in _SIGNED if case["id"] not in _OTHERS], ids=lambda case: case["id"]
)
def test_signature(case: dict[str, object]) -> None:
    form = dict(case["form"] or [])  # type: ignore[call-overload]
    assert sign(_VECTORS["auth_token"], str(case["url"]), form) == case["signature"]
