"""Twilio's messages as Twilio documents them, and everything else that a socket may bring."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_service.phone import stream_protocol
from media_service.phone.stream_protocol import (
    MAX_CHUNK_BYTES,
    MAX_TEXT,
    Connected,
    Dtmf,
    Event,
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


REASONS = {
    "binary", "oversized", "not json", "not an object", "unknown event", "another track",
    "media without payload", "payload not base64", "payload of an odd length",
    "mark without name", "dtmf without digit", "start without sids", "another media format",
}  # fmt: skip
"""They are counted by, so there must be few."""


def read(frame: str | bytes) -> Event:
    """The event of a frame, and that it is all that it says it is: its types hold."""
    event = parse(frame)
    match event:
        case Connected():
            pass
        case Start(stream_sid, call_sid, account_sid, parameters):
            assert stream_sid
            assert call_sid
            texts = [stream_sid, call_sid, account_sid, *parameters, *parameters.values()]
            assert all(isinstance(text, str) for text in texts)
        case Media(stream_sid, payload):
            assert isinstance(stream_sid, str)
            assert isinstance(payload, bytes)
            assert 0 < len(payload) <= MAX_CHUNK_BYTES
        case Dtmf(stream_sid, digit):
            assert isinstance(stream_sid, str)
            assert len(digit) == 1
        case Mark(stream_sid, name):
            assert isinstance(stream_sid, str)
            assert isinstance(name, str)
            assert name
        case Stop(stream_sid):
            assert isinstance(stream_sid, str)
        case Rejected(reason):
            assert reason in REASONS
    return event


@given(st.text() | st.binary())
def test_no_frame_raises(frame: str | bytes) -> None:
    read(frame)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "not json"),
        ('{"event": "mark", "mark": ' + "[" * 20_000 + "]" * 20_000 + "}", "not json"),
        ('{"event": ' + "9" * 5_000 + "}", "not json"),
        ("x" * 10_000_000, "oversized"),
        (b"x" * 10_000_000, "binary"),
        (b"", "binary"),
        ("", "not json"),
        ("NaN", "not an object"),
        ('{"event": NaN}', "unknown event"),
        ('{"event": "media", "media": {"payload": NaN}}', "media without payload"),
        ('{"event": "stop"} {"event": "stop"}', "not json"),
        ('\ufeff{"event": "stop"}', "not json"),
        ('{"event": "stop"', "not json"),
        ('{"event": "Stop"}', "unknown event"),
        ('{"event": ["stop"]}', "unknown event"),
        ("{}", "unknown event"),
    ],
)
def test_what_breaks_a_reader_of_json_is_rejected(frame: str | bytes, reason: str) -> None:
    assert read(frame) == Rejected(reason)


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    frame = (
        '{"event": "stop", "streamSid": "A", "event": "dtmf", "event": "stop", "streamSid": "B"}'
    )
    assert read(frame) == Stop("B")


def test_lone_surrogates_and_nul_are_texts_like_any() -> None:
    frame = '{"event": "mark", "streamSid": "\\ud800", "mark": {"name": "\\u0000\\udfff"}}'
    assert read(frame) == Mark("\ud800", "\x00\udfff")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FRAMES = [json.loads(vector["text"]) for vector in VECTORS["messages"] if "{" in vector["text"]]


def places(message: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path to every field, and to every field in it."""
    if not isinstance(message, dict):
        return []
    return [
        place
        for name, value in message.items()
        for place in [(*path, name), *places(value, (*path, name))]
    ]


def changed(message: dict[str, Any], path: tuple[str, ...], change: Any) -> dict[str, Any]:
    """A copy of the message with ``change`` done to the object that holds the field."""
    copy = json.loads(json.dumps(message))
    holder = copy
    for name in path[:-1]:
        holder = holder[name]
    change(holder, path[-1])
    return dict(copy)


FIELDS = [(frame, path) for frame in FRAMES for path in places(frame)]
WRONG: list[Any] = [
    None, True, 0, -1, 1e308, float("nan"), float("inf"), 2**63, "", "x" * 1000, "\x00", "\ud800",
    [], [[]], ["inbound"], {}, {"event": "media"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "path"), FIELDS, ids=[f"{f['event']}-{'.'.join(p)}" for f, p in FIELDS]
)
def test_every_field_may_be_missing_or_of_another_type(
    frame: dict[str, Any], path: tuple[str, ...]
) -> None:
    read(json.dumps(changed(frame, path, dict.pop)))
    for value in WRONG:
        wrong = changed(frame, path, lambda holder, name, value=value: holder.update({name: value}))
        read(json.dumps(wrong))
        read(json.dumps(wrong, ensure_ascii=False))


@given(st.sampled_from(FIELDS), JSON, JSON)
def test_every_field_may_be_any_json(
    field: tuple[dict[str, Any], tuple[str, ...]], value: Any, more: Any
) -> None:
    frame, path = field
    read(json.dumps({**changed(frame, path, lambda h, n: h.update({n: value})), "more": more}))


@given(st.sampled_from(VECTORS["messages"]), st.data())
def test_a_true_frame_with_characters_changed_is_an_event_or_rejected(
    vector: dict[str, str], data: st.DataObject
) -> None:
    text = vector["text"]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 6))
        new = data.draw(
            st.text(st.sampled_from('{}[]",:\\/u0=Ee+-.n \x00é') | st.characters(), max_size=4)
        )
        text = text[:at] + new + text[at + gone :]
    read(text)
    read(text.encode(errors="replace"))


@given(st.dictionaries(st.text(), JSON, max_size=5), st.sampled_from(FRAMES))
def test_what_twilio_adds_one_day_changes_nothing(
    added: dict[str, Any], frame: dict[str, Any]
) -> None:
    assert read(json.dumps({**added, **frame})) == parse(json.dumps(frame)) or set(added) & {
        "event", "streamSid", "start", "media", "mark", "dtmf",
    }  # fmt: skip


SIDS = st.text(min_size=1, max_size=40)


@given(SIDS, st.text(min_size=1, max_size=200))
def test_a_marks_name_comes_back_as_it_was_sent(sid: str, name: str) -> None:
    assert read(stream_protocol.mark(sid, name)) == Mark(sid, name)


@given(SIDS)
def test_a_command_to_clear_is_no_event(sid: str) -> None:
    text = stream_protocol.clear(sid)
    assert json.loads(text) == {"event": "clear", "streamSid": sid}
    assert read(text) == Rejected("unknown event")


@given(SIDS, st.binary(min_size=1, max_size=MAX_CHUNK_BYTES))
def test_audio_comes_back_as_it_was_sent(sid: str, audio: bytes) -> None:
    assert read(stream_protocol.media(sid, audio)) == Media(sid, audio)
