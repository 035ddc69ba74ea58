"""A call as Twilio keeps it: what it is, where it stands, and everything that happened to it."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .call_request import CallRequest

_NEXT = {
    "queued": {"ringing", "in-progress", "busy", "no-answer", "failed", "canceled", "completed"},
    "ringing": {"in-progress", "busy", "no-answer", "failed", "canceled", "completed"},
    "in-progress": {"completed"},
}
"""Twilio's statuses, and which may follow which; the others are ends."""


def new_sid(prefix: str) -> str:
    """A fresh SID: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


class Clock:
    """Seconds since the epoch that never step back: the wall, read once, then the monotonic."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.monotonic() + self._offset

    def monotonic(self, at: float) -> float:
        """The monotonic second at that second since the epoch."""
        return at - self._offset


@dataclass
class EventLog:
    """What happened, with exact times. Never bodies, signatures or tokens."""

    _events: list[dict[str, Any]] = field(default_factory=list)

    def add(self, at: float, event: str, detail: Mapping[str, Any] | None = None) -> None:
        """Note an event at a second since the epoch; it may lie a little in the past."""
        self._events.append({"at": at, "event": event, **(detail or {})})

    def listed(self) -> list[dict[str, Any]]:
        """Every event in order of time."""
        return sorted(self._events, key=lambda event: float(event["at"]))


@dataclass
class Call:
    """One call. Times are seconds since the epoch.

    The core of it has no clock: every change is told when it happens.
    """

    sid: str
    account_sid: str
    request: CallRequest
    created: float
    scenario: str
    status: str = "queued"
    updated: float = 0.0
    started: float | None = None
    answered: float | None = None
    ended: float | None = None
    answered_by: str | None = None
    sequence: int = 0
    children: list[tuple[str, str]] = field(default_factory=list)
    """The SIDs and numbers of those who were phoned to be joined with it."""
    events: EventLog = field(default_factory=EventLog)

    @property
    def live(self) -> bool:
        """It has not ended."""
        return self.status in _NEXT

    @property
    def duration(self) -> int | None:
        """Whole seconds of talking, once ended; None for a call that nobody answered."""
        if self.ended is None or self.answered is None:
            return None
        return max(0, round(self.ended - self.answered))

    def move(self, status: str, at: float) -> None:
        """Go to another status.

        Raises:
            ValueError: that status cannot follow this one.
        """
        if status not in _NEXT.get(self.status, set()):
            raise ValueError(f"a call does not go from {self.status} to {status}")
        self.status, self.updated = status, at
        if status == "ringing":
            self.started = at
        elif status == "in-progress":
            self.answered = at
        if not self.live:
            self.ended = at

    def next_sequence(self) -> int:
        """The ``SequenceNumber`` of the next status callback, from 0."""
        self.sequence += 1
        return self.sequence - 1


def rfc2822(at: float | None) -> str | None:
    """``Sun, 22 Nov 2026 17:49:56 +0000``, as all of Twilio's times are written."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
