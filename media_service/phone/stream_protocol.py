"""Twilio Media Streams, without I/O: text in, a typed event or rejection out; commands as text.

Source: Twilio's page "Media Streams: WebSocket messages". Nothing that comes in can raise here: the
other side of the socket is the open Internet until the token has been checked, and one odd frame
must never end a call.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 64 * 1024
"""Characters of the longest frame that is looked at; Twilio's media frames have about 350."""
MAX_CHUNK_BYTES = 8_000
"""The longest sound of one frame that is believed: a second. Twilio sends 160 bytes, 20 ms."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The first message: the protocol is spoken."""


@dataclass(frozen=True, slots=True)
class Start:
    """The second message: whose audio this is."""

    stream_sid: str
    call_sid: str
    account_sid: str
    parameters: dict[str, str]
    """What the TwiML's ``<Parameter>``s gave."""


@dataclass(frozen=True, slots=True)
class Media:
    """Sound from the callee: mu-law, 8 kHz, one channel."""

    stream_sid: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Dtmf:
    """The callee pressed a key."""

    stream_sid: str
    digit: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything sent before our mark of that name was played, or was cleared."""

    stream_sid: str
    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream is over: the call ended, or Twilio was told to go elsewhere."""

    stream_sid: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing that anything is done about. ``reason`` is one of a fixed few, fit for counting."""

    reason: str


Event = Connected | Start | Media | Dtmf | Mark | Stop | Rejected


def parse(text: str | bytes) -> Event:
    """The event in one frame. Never raises.

    Args:
        text: a frame as it came; Twilio sends text, so bytes are rejected.
    """
    if not isinstance(text, str):
        return Rejected("binary")
    if len(text) > MAX_TEXT:
        return Rejected("oversized")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Rejected("not json")
    if not isinstance(message, dict):
        return Rejected("not an object")
    return _event(message)


def media(stream_sid: str, payload: bytes) -> str:
    """The command to play ``payload`` (mu-law, 8 kHz) after all that was sent before."""
    return _command("media", stream_sid, payload=base64.b64encode(payload).decode("ascii"))


def mark(stream_sid: str, name: str) -> str:
    """The command to send ``name`` back once everything sent before it has been played."""
    return _command("mark", stream_sid, name=name)


def clear(stream_sid: str) -> str:
    """The command to forget what was not played yet. Twilio echoes the pending marks at once."""
    return json.dumps({"event": "clear", "streamSid": stream_sid})


def _command(event: str, stream_sid: str, **body: str) -> str:
    return json.dumps({"event": event, "streamSid": stream_sid, event: body})


def _event(message: dict[str, Any]) -> Event:
    match message.get("event"):
        case "media":
            return _media(message)
        case "mark":
            return _mark(message)
        case "dtmf":
            return _dtmf(message)
        case "connected":
            return Connected()
        case "start":
            return _start(message)
        case "stop":
            return Stop(_text(message, "streamSid"))
        case _:
            return Rejected("unknown event")


def _media(message: dict[str, Any]) -> Event:
    body = _part(message, "media")
    if body.get("track", "inbound") != "inbound":
        return Rejected("another track")
    payload = body.get("payload")
    if not isinstance(payload, str) or not payload:
        return Rejected("media without payload")
    try:
        audio = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return Rejected("payload not base64")
    if not 0 < len(audio) <= MAX_CHUNK_BYTES:
        return Rejected("payload of an odd length")
    return Media(_text(message, "streamSid"), audio)


def _mark(message: dict[str, Any]) -> Event:
    name = _text(_part(message, "mark"), "name")
    return Mark(_text(message, "streamSid"), name) if name else Rejected("mark without name")


def _dtmf(message: dict[str, Any]) -> Event:
    digit = _text(_part(message, "dtmf"), "digit")
    if len(digit) != 1 or digit not in "0123456789*#ABCD":
        return Rejected("dtmf without digit")
    return Dtmf(_text(message, "streamSid"), digit)


def _start(message: dict[str, Any]) -> Event:
    body = _part(message, "start")
    stream_sid, call_sid = _text(body, "streamSid"), _text(body, "callSid")
    if not stream_sid or not call_sid:
        return Rejected("start without sids")
    given = _part(body, "mediaFormat")
    if (given.get("encoding"), given.get("sampleRate")) != ("audio/x-mulaw", 8000):
        return Rejected("another media format")
    parameters = {
        name: value for name, value in _part(body, "customParameters").items()
        if isinstance(value, str)
    }  # fmt: skip
    return Start(stream_sid, call_sid, _text(body, "accountSid"), parameters)


def _part(message: dict[str, Any], name: str) -> dict[str, Any]:
    value = message.get(name)
    return value if isinstance(value, dict) else {}


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""
