"""``POST Calls.json``: what was asked for, checked as Twilio checks it."""

import re
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

from .problem import Problem

_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_DIGITS = re.compile(r"^[0-9*#wW]{1,32}$")
STATUS_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


class Form(Protocol):
    """A form: names may be repeated."""

    def get(self, name: str) -> str | None:
        """The first value, or None."""

    def getall(self, name: str) -> list[str]:
        """Every value."""


@dataclass(frozen=True)
class Address:
    """Where a webhook goes."""

    url: str
    method: str = "POST"


@dataclass(frozen=True)
class Detection:
    """Answering-machine detection, as asked for."""

    mode: str
    """``Enable`` or ``DetectMessageEnd``."""
    timeout: float
    asynchronous: bool
    """The TwiML does not wait for it."""
    callback: Address | None


@dataclass(frozen=True)
class RecordingRequest:
    """A recording, as asked for."""

    channels: int = 1
    trim: bool = False
    callback: Address | None = None
    events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True)
class CallRequest:
    """A call, as asked for."""

    to: str
    from_: str
    document: Address | str
    """Where the TwiML is fetched, or the TwiML itself."""
    fallback: Address | None
    status_callback: Address | None
    status_events: frozenset[str]
    timeout: float
    """Seconds of ringing at most."""
    time_limit: float
    """Seconds of talking at most."""
    send_digits: str
    detection: Detection | None
    recording: RecordingRequest | None
    direction: Literal["outbound-api", "inbound"] = "outbound-api"

    @property
    def inbound(self) -> bool:
        """Somebody phones a number of the account."""
        return self.direction == "inbound"


def parse(form: Form, own_numbers: frozenset[str]) -> CallRequest:
    """Read and check the form of a new call.

    Raises:
        Problem: with Twilio's number for what is wrong.
    """
    to, from_ = _numbers(form, own_numbers)
    send_digits = form.get("SendDigits") or ""
    if send_digits and not _DIGITS.match(send_digits):
        raise Problem(21203, f"SendDigits {send_digits!r} is invalid")
    events = frozenset(
        event for value in form.getall("StatusCallbackEvent") for event in value.split()
    )
    return CallRequest(
        to=to,
        from_=from_,
        document=document(form),
        fallback=_address(form, "FallbackUrl", "FallbackMethod"),
        status_callback=_address(form, "StatusCallback", "StatusCallbackMethod"),
        status_events=(events & STATUS_EVENTS) or frozenset({"completed"}),
        timeout=_seconds(form, "Timeout", 60, 600),
        time_limit=_seconds(form, "TimeLimit", 14400, 86400),
        send_digits=send_digits,
        detection=None if send_digits else _detection(form),
        recording=_recording(form) if _flag(form, "Record") else None,
    )


def incoming(to: str, from_: str, document: Address, callback: Address | None) -> CallRequest:
    """A call to one of the account's own numbers, which says what answers it."""
    return CallRequest(
        to=to,
        from_=from_,
        document=document,
        fallback=None,
        status_callback=callback,
        status_events=frozenset({"completed"}),  # a number's callback hears of nothing else
        timeout=60,
        time_limit=14400,
        send_digits="",
        detection=None,
        recording=None,
        direction="inbound",
    )


def document(form: Form) -> Address | str:
    """``Url`` (which wins) or ``Twiml``.

    Raises:
        Problem: 21205, neither, or not a URL.
    """
    if (address := _address(form, "Url", "Method")) is not None:
        return address
    if twiml := form.get("Twiml"):
        return twiml
    raise Problem(21205, "Url parameter is required.")


def recording(form: Form) -> RecordingRequest:
    """The form of ``POST Recordings.json``.

    Raises:
        Problem: 21205, a callback that is not a URL.
    """
    return _recording(form, default_trim="do-not-trim")


def _numbers(form: Form, own_numbers: frozenset[str]) -> tuple[str, str]:
    to, from_ = (form.get("To") or "").strip(), (form.get("From") or "").strip()
    if not to:
        raise Problem(21201, "No 'To' number is specified")
    if not from_:
        raise Problem(21213, "No 'From' number is specified")
    if not _E164.match(to):
        raise Problem(21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if not _E164.match(from_):
        raise Problem(21212, f"The source phone number provided, {from_}, is not valid.")
    if to == from_:
        raise Problem(21211, "'To' and 'From' are the same number")
    if from_ not in own_numbers:
        sentence = (
            f"The source phone number provided, {from_}, is not yet verified for your account."
        )
        raise Problem(21210, sentence)
    return to, from_


def _address(form: Form, name: str, method_name: str) -> Address | None:
    url = (form.get(name) or "").strip()
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        code = 21609 if name == "StatusCallback" else 21205
        raise Problem(code, f"{name} is not a valid URL: {url}")
    method = (form.get(method_name) or "POST").upper()
    if method not in ("GET", "POST"):
        raise Problem(21206, f"{method_name} {method!r} is not valid")
    return Address(url, method)


def _seconds(form: Form, name: str, default: int, most: int) -> float:
    value = form.get(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise Problem(20001, f"Invalid parameter: {name}")
    return min(int(value), most)


def _flag(form: Form, name: str) -> bool:
    return (form.get(name) or "").lower() == "true"


def _detection(form: Form) -> Detection | None:
    mode = form.get("MachineDetection")
    if mode not in ("Enable", "DetectMessageEnd"):
        return None
    callback = None
    if _flag(form, "AsyncAmd"):
        callback = _address(form, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")
    timeout = _seconds(form, "MachineDetectionTimeout", 30, 59)
    return Detection(mode, timeout, _flag(form, "AsyncAmd"), callback)


def _recording(form: Form, default_trim: str = "trim-silence") -> RecordingRequest:
    events = frozenset(
        event for value in form.getall("RecordingStatusCallbackEvent") for event in value.split()
    )
    return RecordingRequest(
        channels=2 if form.get("RecordingChannels") == "dual" else 1,
        trim=(form.get("Trim") or default_trim) == "trim-silence",
        callback=_address(form, "RecordingStatusCallback", "RecordingStatusCallbackMethod"),
        events=events or frozenset({"completed"}),
    )
