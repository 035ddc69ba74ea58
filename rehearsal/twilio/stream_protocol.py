"""Twilio Media Streams, as Twilio speaks it: messages as text, no sockets.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.mulaw import FRAME_MS


class Outgoing:
    """Writes the messages of one stream, numbering them as Twilio does: all numbers are strings."""

    def __init__(self, account_sid: str, call_sid: str, stream_sid: str) -> None:
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._stream_sid = stream_sid
        self._sequence = 0
        self._chunk = 0

    def connected(self) -> str:
        """The first message; the only one without a number and a stream."""
        return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self, parameters: Mapping[str, str]) -> str:
        """What the stream carries."""
        start = {
            "accountSid": self._account_sid,
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        return self._numbered("start", start=start)

    def media(self, audio: bytes) -> str:
        """20 ms of the callee; the timestamp is milliseconds since the stream's start."""
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str((self._chunk - 1) * FRAME_MS),
            "payload": base64.b64encode(audio).decode(),
        }
        return self._numbered("media", media=media)

    def dtmf(self, digit: str) -> str:
        """A key that the callee pressed."""
        return self._numbered("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        """A mark given back."""
        return self._numbered("mark", mark={"name": name})

    def stop(self) -> str:
        """The last message."""
        stop = {"accountSid": self._account_sid, "callSid": self._call_sid}
        return self._numbered("stop", stop=stop)

    def _numbered(self, event: str, **body: Any) -> str:
        self._sequence += 1
        head = {"event": event, "sequenceNumber": str(self._sequence)}
        return json.dumps({**head, **body, "streamSid": self._stream_sid})


@dataclass(frozen=True)
class Media:
    """Sound to play."""

    audio: bytes


@dataclass(frozen=True)
class MarkRequest:
    """A mark to give back."""

    name: str


@dataclass(frozen=True)
class Clear:
    """Forget what has not been played."""


@dataclass(frozen=True)
class Bad:
    """A message that Twilio does not take: error 31924 (protocol) or 31951 (invalid message)."""

    code: int
    why: str


def parse(message: str | bytes, stream_sid: str) -> Media | MarkRequest | Clear | Bad:
    """Read a message of the product. Never raises."""
    if isinstance(message, bytes):
        return Bad(31924, "binary message")
    try:
        body = json.loads(message)
    except (ValueError, RecursionError):
        return Bad(31951, "not JSON")
    if not isinstance(body, dict):
        return Bad(31951, "not an object")
    event = body.get("event")
    if event not in ("media", "mark", "clear"):
        return Bad(31951, f"unknown event {str(event)[:40]!r}")
    if body.get("streamSid") != stream_sid:
        return Bad(31951, "streamSid is not this stream's")
    if event == "clear":
        return Clear()
    return _media(body) if event == "media" else _mark(body)


def _media(body: dict[str, Any]) -> Media | Bad:
    media = body.get("media")
    payload = media.get("payload") if isinstance(media, dict) else None
    if not isinstance(payload, str):
        return Bad(31951, "media without payload")
    try:
        return Media(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError):
        return Bad(31951, "payload is not base64")


def _mark(body: dict[str, Any]) -> MarkRequest | Bad:
    mark = body.get("mark")
    name = mark.get("name") if isinstance(mark, dict) else None
    if not isinstance(name, str) or not name:
        return Bad(31951, "mark without name")
    return MarkRequest(name)
