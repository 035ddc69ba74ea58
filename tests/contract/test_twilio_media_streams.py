"""The rehearsed network's stream messages have Twilio's shape: the product's own vectors."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.twilio import stream_protocol as protocol

_VECTORS = json.loads((Path(__file__).parent.parent / "vectors/media_streams.json").read_text())
_BY_EVENT = {
    body["event"]: body
    for case in _VECTORS["messages"]
    if case["id"].startswith("M")
    for body in [json.loads(case["text"])]
}
SID = "MZ18ad3ab5a668481ce02b83e7395059f0"


def outgoing() -> protocol.Outgoing:
    return protocol.Outgoing("AC123", "CA123", SID)


def shape(value: Any) -> Any:
    """Names and kinds, without the values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return type(value)


@pytest.mark.parametrize("event", sorted(_BY_EVENT))
def test_every_message_has_twilios_shape(event: str) -> None:
    parameters = {"FirstName": "Jane", "LastName": "Doe", "RemoteParty": "Bob"}
    write = {
        "connected": lambda out: out.connected(),
        "start": lambda out: out.start(parameters),
        "media": lambda out: out.media(b"\xff" * 160),
        "dtmf": lambda out: out.dtmf("1"),
        "mark": lambda out: out.mark("my label"),
        "stop": lambda out: out.stop(),
    }
    body = json.loads(write[event](outgoing()))
    assert shape(body) == shape(_BY_EVENT[event])
    if event in ("start", "connected"):
        assert body == _BY_EVENT[event]


def test_numbers_count_from_one_and_time_from_zero() -> None:
    out = outgoing()
    out.connected()
    texts = [out.start({}), out.media(b"a"), out.mark("m"), out.media(b"b"), out.stop()]
    bodies = [json.loads(text) for text in texts]
    assert [body["sequenceNumber"] for body in bodies] == ["1", "2", "3", "4", "5"]
    media = [body["media"] for body in bodies if body["event"] == "media"]
    assert [(each["chunk"], each["timestamp"]) for each in media] == [("1", "0"), ("2", "20")]


def test_what_the_product_sends_is_understood() -> None:
    read = [protocol.parse(json.dumps(body), SID) for body in _VECTORS["to_twilio"]]
    payload = base64.b64decode(_VECTORS["to_twilio"][0]["media"]["payload"])
    assert read == [
        protocol.Media(payload),
        protocol.MarkRequest("my label"),
        protocol.Clear(),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "[1]",
        "{}",
        b"\x00",
        json.dumps({"event": "future", "streamSid": SID}),
        json.dumps({"event": "clear", "streamSid": "MZ0"}),
        json.dumps({"event": "media", "streamSid": SID}),
        json.dumps({"event": "media", "streamSid": SID, "media": {"payload": "*"}}),
        json.dumps({"event": "mark", "streamSid": SID, "mark": {}}),
    ],
)
def test_bad_messages_are_named(text: str | bytes) -> None:
    assert isinstance(protocol.parse(text, SID), protocol.Bad)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.text() | st.binary(),
    st.sampled_from(["media", "mark", "clear"]),
    st.dictionaries(st.sampled_from(["media", "mark"]), _JSON),
)
def test_no_message_does_worse_than_a_bad_one(
    raw: str | bytes, event: str, rest: dict[str, Any]
) -> None:
    protocol.parse(raw, SID)
    protocol.parse(json.dumps({"event": event, "streamSid": SID, **rest}), SID)
