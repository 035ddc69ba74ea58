"""Twilio's messages as Twilio documents them, and everything else that a socket may bring."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_service import stream_protocol
from media_service.stream_protocol import (
    MAX_TEXT,
    Connected,
    Dtmf,
    Mark,
    Media,
    Rejected,
    Start,
    Stop,
    parse,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "media_streams.json").read_text(encoding="utf-8")
)
SID = "MZ18ad3ab5a668481ce02b83e7395059f0"
SILENCE = b"\xff" * 160
PARAMETERS = {"FirstName": "Jane", "LastName": "Doe", "RemoteParty": "Bob"}

EXPECTED = {
    "M1": Connected(),
    "M2": Start(SID, "CA123", "AC123", PARAMETERS),
    "M3": Media(SID, SILENCE),
    "M4": Dtmf(SID, "1"),
    "M5": Mark(SID, "my label"),
    "M6": Stop(SID),
    "X1": Rejected("another track"),
    "X3": Rejected("dtmf without digit"),
    "X4": Rejected("unknown event"),
    "X8": Rejected("media without payload"),
    "X9": Rejected("not an object"),
    "X11": Rejected("not json"),
}


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda vector: vector["id"])
def test_every_vector_is_read_as_documented(vector: dict[str, str]) -> None:
    assert parse(vector["text"]) == EXPECTED[vector["id"].split()[0]]


def test_every_vector_is_covered() -> None:
    assert {vector["id"].split()[0] for vector in VECTORS["messages"]} == set(EXPECTED)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (stream_protocol.media(SID, SILENCE), VECTORS["to_twilio"][0]),
        (stream_protocol.mark(SID, "my label"), VECTORS["to_twilio"][1]),
        (stream_protocol.clear(SID), VECTORS["to_twilio"][2]),
    ],
    ids=["media", "mark", "clear"],
)
def test_commands_are_written_as_documented(text: str, command: dict[str, Any]) -> None:
    assert json.loads(text) == command


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\x00\x01", "binary"),
        ('"' + "x" * MAX_TEXT + '"', "oversized"),
        ("[" * 60_000, "not json"),
        ("null", "not an object"),
        ('{"event": {"event": "media"}}', "unknown event"),
        ('{"event": "media", "media": null}', "media without payload"),
        ('{"event": "media", "media": {"payload": 7}}', "media without payload"),
        ('{"event": "media", "media": {"payload": "*"}}', "payload not base64"),
        ('{"event": "media", "media": {"payload": "é"}}', "payload not base64"),
        (
            json.dumps(
                {"event": "media", "media": {"payload": base64.b64encode(bytes(8001)).decode()}}
            ),
            "payload of an odd length",
        ),
        ('{"event": "mark", "mark": {"name": ["x"]}}', "mark without name"),
        ('{"event": "dtmf", "dtmf": {"digit": "12"}}', "dtmf without digit"),
        ('{"event": "start", "start": {"streamSid": "MZ1"}}', "start without sids"),
        (
            '{"event": "start", "start": {"streamSid": "MZ1", "callSid": "CA1", '
            '"mediaFormat": {"encoding": "audio/opus", "sampleRate": 8000}}}',
            "another media format",
        ),
    ],
)
def test_a_hostile_frame_is_rejected_with_a_reason(frame: str | bytes, reason: str) -> None:
    assert parse(frame) == Rejected(reason)


def test_parameters_that_are_not_text_are_left_out() -> None:
    format_ = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    start = parse(
        json.dumps(
            {
                "event": "start",
                "start": {
                    "streamSid": "MZ1",
                    "callSid": "CA1",
                    "customParameters": {"token": "t", "leg": 1, "x": None},
                    "mediaFormat": format_,
                },
            }
        )
    )
    assert start == Start("MZ1", "CA1", "", {"token": "t"})


@given(st.text() | st.binary())
def test_no_frame_raises(frame: str | bytes) -> None:
    assert isinstance(parse(frame), stream_protocol.Event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
EVENTS = st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop"])
PARTS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        (
            "payload", "track", "digit", "name", "streamSid", "callSid", "customParameters",
            "mediaFormat",
        ),
        JSON,
    ),
)  # fmt: skip


@given(
    st.fixed_dictionaries(
        {"event": EVENTS | JSON},
        optional=dict.fromkeys(("media", "start", "mark", "dtmf", "streamSid"), PARTS | JSON),
    )
)
def test_no_json_raises(message: dict[str, Any]) -> None:
    assert isinstance(parse(json.dumps(message)), stream_protocol.Event)


@given(st.binary(min_size=1, max_size=8000))
def test_audio_comes_back_as_it_was_sent(audio: bytes) -> None:
    assert parse(stream_protocol.media(SID, audio)) == Media(SID, audio)
