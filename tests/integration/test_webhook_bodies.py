"""Every body that a webhook may bring, through the real handlers: signed, or refused; never a 5xx.

Twilio sends forms of UTF-8. A proxy, a fuzzer and tomorrow's Twilio send what they like.
"""

import base64
import json
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from calls.adapters.twilio_signature import is_twilios, parse_form
from functions import wiring
from functions.twiml import handler
from tests.integration.conftest import AUTH_TOKEN, PUBLIC, Twilio
from tests.integration.gateway import Context, event
from tests.integration.test_dialout_function import ARTICLE, post

pytestmark = pytest.mark.usefixtures("cloud")
SID = f"CA{1:032}"
PATHS = ("/twiml", "/status", "/recording-status", "/stream-status", "/answered-by")
LARGEST = 64 * 1024
"""Twilio's own limit of a webhook's body."""
VALIDATOR = RequestValidator(AUTH_TOKEN)


@pytest.fixture
def call_id(twilio: Twilio) -> str:
    answer = post(ARTICLE)
    assert answer["statusCode"] == 201, answer
    return str(answer["json"]["call_id"])


def signature(path: str, query: str, body: str) -> str:
    """As Twilio makes it: over each name with its different values, in order."""
    return str(VALIDATOR.compute_signature(f"{PUBLIC}{path}?{query}", _Multi(parse_form(body))))


class _Multi:
    """What Twilio's library takes for a form with repeated names."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def __iter__(self) -> Iterator[str]:
        return iter({name for name, _ in self.pairs})

    def __len__(self) -> int:
        return len(self.pairs)

    def getall(self, name: str) -> list[str]:
        return [value for each, value in self.pairs if each == name]


def send(
    path: str, query: str, body: bytes, *, signed: str | None, in_base64: bool = True,
    content_type: str | None = "application/x-www-form-urlencoded; charset=UTF-8",
) -> dict[str, Any]:  # fmt: skip
    headers = {} if content_type is None else {"content-type": content_type}
    if signed is not None:
        headers["x-twilio-signature"] = signed
    made = event(
        f"POST {path}", path, query=query, body=body, headers=headers, base64_body=in_base64
    )
    return handler(made, Context())


TRUE = {"CallSid": SID, "AccountSid": "AC1", "CallStatus": "ringing"}
REPEATED = [*TRUE.items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "a"), ("Tag", "")]
FORMS = {
    "plain": urlencode(TRUE),
    "unicode": urlencode({**TRUE, "CallerName": "Zoë 日本語 🎉 \u202e", "ключ": "значение"}),
    "repeated": urlencode(REPEATED),
    "call sid repeated": urlencode([("CallSid", "CA2"), *TRUE.items()]),
    "blank": urlencode({**TRUE, "ToCity": "", "": "", "ForwardedFrom": " "}),
    "64 KB": urlencode({**TRUE, "SpeechResult": "a" * (LARGEST - 200)}),
    "64 KB of a thousand fields": urlencode({**TRUE, **{f"F{i:04}": "x" * 50 for i in range(999)}}),
    "percent signs": urlencode(TRUE) + "&A=%&B=%2&C=%zz&D=%25%32%35&%41=%2b+%20",
    "semicolons": urlencode(TRUE) + ";A=1;B=2",
    "no equals sign": urlencode(TRUE) + "&A&&=&B=C=D",
    "NUL and line breaks": urlencode({**TRUE, "A": "\x00\r\nX: y\x1b[0m"}),
    "numbers": urlencode(
        {
            **TRUE, "CallDuration": "9" * 5000, "RecordingStatus": "completed",
            "RecordingSid": "RE1", "RecordingDuration": "٣", "RecordingChannels": "-1",
        }
    ),
    "odd words": urlencode(
        {
            **TRUE, "CallStatus": "\ufdfa" * 1000, "RecordingStatus": "completed",
            "RecordingSid": "x" * 9000, "StreamEvent": "stream-error", "StreamError": "🎉" * 5000,
        }
    ),
    "xml": urlencode({**TRUE, "From": "</Response><Dial>+1900</Dial>"}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_signed_form_is_taken_and_an_unsigned_one_is_not(call_id: str, form: str) -> None:
    for path, in_base64 in product(PATHS, (True, False)):
        _taken_if_signed(call_id, path, form, in_base64=in_base64)


def _taken_if_signed(call_id: str, path: str, form: str, *, in_base64: bool) -> None:
    query = f"call_id={call_id}&leg=1"
    before = wiring.records().get(call_id)
    for bad in (None, "", "é", signature(path, query, form + "&More=1")):
        answer = send(path, query, form.encode(), signed=bad, in_base64=in_base64)
        assert answer["statusCode"] == 403, answer
    assert wiring.records().get(call_id) == before

    right = signature(path, query, form)
    answer = send(path, query, form.encode(), signed=right, in_base64=in_base64)
    assert answer["statusCode"] in (200, 204), answer
    # It can still be read, by us and by the API.
    assert wiring.records().get(call_id).call_id == call_id


@pytest.mark.parametrize("kind", [None, "", "application/json", "text/plain; charset=utf-16", "\n"])
def test_what_the_body_is_called_does_not_matter(call_id: str, kind: str | None) -> None:
    query, body = f"call_id={call_id}", FORMS["unicode"]
    for path in PATHS:
        right = signature(path, query, body)
        answer = send(path, query, body.encode(), signed=right, content_type=kind)
        assert answer["statusCode"] in (200, 204), answer


BYTES = {
    "no UTF-8": b"CallSid=\xff\xfe\xe9",
    "latin-1": urlencode({"CallSid": SID}).encode() + b"&Name=Zo\xeb",
    "escaped latin-1": urlencode({"CallSid": SID}).encode() + b"&Name=Zo%EB",
    "surrogate": urlencode({"CallSid": SID}).encode() + b"&Name=%ED%A0%80",
    "utf-16": "CallSid=CA1".encode("utf-16"),
    "gzip": b"\x1f\x8b\x08\x00\x00",
    "json": json.dumps({"CallSid": SID}).encode(),
    "multipart": b'--x\r\nContent-Disposition: form-data; name="CallSid"\r\n\r\nCA1\r\n--x--\r\n',
    "nothing": b"",
    "zeros": bytes(LARGEST),
    "every byte": bytes(range(256)) * (LARGEST // 256),
    "ampersands": b"&" * LARGEST,
    "names": b"&".join(b"a" * 3 for _ in range(LARGEST // 4)),
}


@pytest.mark.parametrize("body", BYTES.values(), ids=BYTES.keys())
def test_what_is_no_form_is_never_more_than_a_refusal(call_id: str, body: bytes) -> None:
    query, as_read = f"call_id={call_id}", body.decode(errors="replace")
    for path in (*PATHS, "/inbound"):
        assert send(path, query, body, signed="bm90IHR3aWxpbydz")["statusCode"] == 403
        answer = send(path, query, body, signed=signature(path, query, as_read))
        assert answer["statusCode"] in (200, 204, 400, 403), answer


@pytest.mark.parametrize("call_sid", ["", "C" * LARGEST])
def test_a_call_sid_that_is_none_is_refused(call_id: str, call_sid: str) -> None:
    query, body = f"call_id={call_id}", urlencode({"CallSid": call_sid})
    answer = send("/status", query, body.encode(), signed=signature("/status", query, body))
    assert answer["statusCode"] == 400


@pytest.mark.parametrize("body", ["*", "a", "YQ", "é", "=" * LARGEST])
def test_a_broken_base64_body_is_a_refusal(call_id: str, body: str) -> None:
    made = event("POST /status", "/status", query=f"call_id={call_id}", body="", headers={})
    made |= {"body": body, "isBase64Encoded": True}
    made["headers"]["x-twilio-signature"] = "bm90IHR3aWxpbydz"
    assert handler(made, Context())["statusCode"] in (400, 403)


@pytest.mark.parametrize(
    "query",
    [
        "", "call_id=", "call_id=%FF", "call_id=%00", "call_id=" + "a" * 3000, "leg=1",
        "call_id={0}&call_id={0}", "call_id={0}&leg=0", "call_id={0}&leg=-1",
        "call_id={0}&leg=%D9%A3", "call_id={0}&leg=99999999999999999999", "call_id={0}&leg=",
        "%=%&&=", "call_id={0}&%zz=%",
    ],
)  # fmt: skip
def test_a_signed_but_odd_query_is_never_more_than_a_refusal(call_id: str, query: str) -> None:
    asked, body = query.format(call_id), FORMS["plain"]
    for path in PATHS:
        answer = send(path, asked, body.encode(), signed=_over(path, asked, body))
        assert answer["statusCode"] in (200, 204, 400, 404), answer


def _over(path: str, query: str, body: str) -> str:
    url = f"{PUBLIC}{path}" + (f"?{query}" if query else "")
    return str(VALIDATOR.compute_signature(url, _Multi(parse_form(body))))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=12)


@given(PAIRS, TEXT)
@example([("a", "1"), ("a", "1"), ("a", "0"), ("", "")], "")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_twilio_signs_is_taken_for_twilios(pairs: list[tuple[str, str]], tag: str) -> None:
    url = f"{PUBLIC}/status?tag={quote_plus(tag)}"
    right = str(VALIDATOR.compute_signature(url, _Multi(pairs)))
    read = parse_form(urlencode(pairs))
    assert read == pairs
    assert is_twilios(AUTH_TOKEN, url, right, read)


@given(PAIRS.filter(bool), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_one_character_changed_and_it_is_not(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    url = f"{PUBLIC}/status?call_id=x"
    right = str(VALIDATOR.compute_signature(url, _Multi(pairs)))
    part = data.draw(st.sampled_from(["url", "signature", "value", "token"]))
    if part == "url":
        assert not is_twilios(AUTH_TOKEN, _changed(url, data), right, pairs)
    elif part == "signature":
        assert not is_twilios(AUTH_TOKEN, url, _changed(right, data), pairs)
    elif part == "token":
        assert not is_twilios(_changed(AUTH_TOKEN, data), url, right, pairs)
    else:
        at = data.draw(st.integers(0, len(pairs) - 1))
        name, value = pairs[at]
        other = _changed(value, data) if value else "x"
        changed = [*pairs[:at], (name, other), *pairs[at + 1 :]]
        # A repeated value is signed once: its copy, changed into another one's likeness, is lost.
        if sorted(set(changed)) != sorted(set(pairs)):
            assert not is_twilios(AUTH_TOKEN, url, right, changed)


def _changed(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(text[at].__ne__))
    return text[:at] + other + text[at + 1 :]


@given(PAIRS, st.sampled_from(PATHS), st.booleans())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
def test_any_form_at_the_handler(pairs: list[tuple[str, str]], path: str, is_signed: bool) -> None:
    body = urlencode([*pairs, ("CallSid", SID)])
    right = signature(path, "call_id=x", body)
    wrong = base64.b64encode(bytes(20)).decode()
    answer = send(path, "call_id=x", body.encode(), signed=right if is_signed else wrong)
    # Signed, it is of a call that there is not, or of an event that is none.
    assert answer["statusCode"] in ((204, 404) if is_signed else (403,)), answer
