"""TwiML: XML in, verbs out. What Twilio refuses is refused, with Twilio's error numbers.

https://www.twilio.com/docs/voice/twiml
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

MOST_PARAMETER = 500
"""A ``<Parameter>``'s name and value together are shorter than this."""
MOST_DOCUMENT = 64 * 1024
"""Bytes: Twilio reads no longer document."""


class TwimlError(Exception):
    """Twilio would say "an application error has occurred".

    Attributes:
        code: Twilio's error number (https://www.twilio.com/docs/api/errors).
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Callback:
    """Where to report to; no events named: the default ones."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ConnectStream:
    """``<Connect><Stream>``"""

    url: str
    name: str | None
    parameters: Mapping[str, str]
    callback: Callback | None


@dataclass(frozen=True)
class StartRecording:
    """``<Start><Recording>``"""

    channels: int
    trim: bool
    callback: Callback | None


@dataclass(frozen=True)
class Redirect:
    """``<Redirect>``"""

    url: str
    method: str


@dataclass(frozen=True)
class Say:
    """``<Say>``"""

    text: str
    times: int
    language: str


@dataclass(frozen=True)
class Play:
    """``<Play>`` of a WAV file"""

    url: str
    times: int


@dataclass(frozen=True)
class Pause:
    """``<Pause>``"""

    seconds: float


@dataclass(frozen=True)
class Dial:
    """``<Dial>`` of one number"""

    number: str
    timeout: float
    caller_id: str | None
    action: str | None
    method: str


@dataclass(frozen=True)
class Hangup:
    """``<Hangup>``"""


@dataclass(frozen=True)
class Reject:
    """``<Reject>``"""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """A verb that is not spoken here; Twilio warns (12200) and goes on."""

    tag: str


Verb: TypeAlias = (
    ConnectStream
    | StartRecording
    | Redirect
    | Say
    | Play
    | Pause
    | Dial
    | Hangup
    | Reject
    | Unknown
)


@dataclass(frozen=True)
class Document:
    """A ``<Response>``."""

    verbs: tuple[Verb, ...] = field(default=())


def parse(text: str) -> Document:
    """Read a TwiML document.

    Raises:
        TwimlError: 11750 too large, 12100 not a TwiML document, 12200 an attribute that cannot be,
            31920 a stream URL with a query string.
    """
    if len(text.encode()) > MOST_DOCUMENT:
        raise TwimlError(11750, "TwiML response body too large")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise TwimlError(12100, "document type declarations are not TwiML")
    try:
        root = ElementTree.fromstring(text.strip())  # noqa: S314 - entities are refused above
    except (ElementTree.ParseError, ValueError) as error:
        raise TwimlError(12100, f"document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(12100, f"the root is <{root.tag}>, not <Response>")
    return Document(tuple(_VERBS.get(child.tag, _unknown)(child) for child in root))


def _callback(element: ElementTree.Element, prefix: str) -> Callback | None:
    url = (element.get(prefix) or "").strip()
    if not url:
        return None
    events = frozenset((element.get(f"{prefix}Event") or "").split())
    return Callback(url, _method(element, f"{prefix}Method"), events)


def _method(element: ElementTree.Element, attribute: str = "method") -> str:
    method = (element.get(attribute) or "POST").upper()
    if method not in ("GET", "POST"):
        raise TwimlError(12200, f"{attribute} {method!r} is neither GET nor POST")
    return method


def _number(element: ElementTree.Element, attribute: str, default: float) -> float:
    given = element.get(attribute)
    try:
        number = float(given) if given is not None else default
    except ValueError as error:
        raise TwimlError(12200, f"{attribute} {given!r} is not a number") from error
    if not 0 <= number < 86400:
        raise TwimlError(12200, f"{attribute} {given!r} is out of range")
    return number


def _text(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _required(text: str, what: str) -> str:
    if not text:
        raise TwimlError(12200, f"{what} is missing")
    return text


def _connect(element: ElementTree.Element) -> Verb:
    stream = element.find("Stream")
    if stream is None:
        return Unknown("Connect")
    url = _required((stream.get("url") or "").strip(), "the url of <Stream>")
    if "?" in url:
        raise TwimlError(31920, "a stream url takes no query string; use <Parameter>")
    if not url.startswith(("wss://", "ws://")):  # ws: this telephone network is on loopback
        raise TwimlError(12200, "the url of <Stream> is not wss://")
    parameters = {}
    for parameter in stream.iter("Parameter"):
        name = _required(parameter.get("name") or "", "the name of <Parameter>")
        value = parameter.get("value") or ""
        if len(name) + len(value) >= MOST_PARAMETER:
            raise TwimlError(12200, f"parameter {name[:40]!r} is too long")
        parameters[name] = value
    return ConnectStream(url, stream.get("name"), parameters, _callback(stream, "statusCallback"))


def _start(element: ElementTree.Element) -> Verb:
    recording = element.find("Recording")
    if recording is None:
        return Unknown("Start")
    return StartRecording(
        channels=2 if recording.get("channels", "dual") == "dual" else 1,
        trim=recording.get("trim") == "trim-silence",
        callback=_callback(recording, "recordingStatusCallback"),
    )


def _redirect(element: ElementTree.Element) -> Verb:
    return Redirect(_text(element), _method(element))


def _say(element: ElementTree.Element) -> Verb:
    loop = int(_number(element, "loop", 1))
    return Say(_text(element), loop, element.get("language") or "en-US")


def _play(element: ElementTree.Element) -> Verb:
    return Play(_required(_text(element), "the url of <Play>"), int(_number(element, "loop", 1)))


def _pause(element: ElementTree.Element) -> Verb:
    return Pause(_number(element, "length", 1))


def _dial(element: ElementTree.Element) -> Verb:
    nested = element.find("Number")
    number = _text(nested if nested is not None else element)
    return Dial(
        number=_required(number, "the number of <Dial>"),
        timeout=_number(element, "timeout", 30),
        caller_id=element.get("callerId"),
        action=element.get("action"),
        method=_method(element),
    )


def _hangup(_: ElementTree.Element) -> Verb:
    return Hangup()


def _reject(element: ElementTree.Element) -> Verb:
    return Reject(element.get("reason") or "rejected")


def _unknown(element: ElementTree.Element) -> Verb:
    return Unknown(str(element.tag))


_VERBS: dict[str, Callable[[ElementTree.Element], Verb]] = {
    "Connect": _connect,
    "Start": _start,
    "Redirect": _redirect,
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Dial": _dial,
    "Hangup": _hangup,
    "Reject": _reject,
}
