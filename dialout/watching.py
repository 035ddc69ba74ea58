"""A call, followed to its end: each thing that happens a line, and each turn as it is said."""

import time
from collections.abc import Callable

from dialout.client import Client
from dialout.record import CallRecord, TimelineEntry, Turn, TurnLatency

_SECONDS = 1.0
"""Between two looks."""


class Watching:
    """Tells a call as it goes."""

    def __init__(
        self,
        client: Client,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``say`` is told a line each."""
        self._client = client
        self._say = say
        self._sleep = sleep
        self._told = 0
        self._turns = 0

    def until_end(self, call_id: str) -> CallRecord:
        """The record of the call once it has ended.

        Raises:
            dialout.problem.DialoutError: it can be followed no further.
        """
        while True:
            record = self._client.get(call_id)
            self._news(record)
            if record.ended:
                self._say(summary(record))
                return record
            self._sleep(_SECONDS)

    def _news(self, record: CallRecord) -> None:
        turns = record.transcript or []
        news = [
            *((entry.at, f"  {happened(entry)}") for entry in record.timeline[self._told :]),
            *((turn.at, said(turn)) for turn in turns[self._turns :]),
        ]
        self._told, self._turns = len(record.timeline), len(turns)
        for _, line in sorted(news, key=lambda each: each[0]):
            self._say(line)


def happened(entry: TimelineEntry) -> str:
    """An entry of the timeline in a line."""
    return f"{entry.event}: {entry.detail}" if entry.detail else entry.event


def said(turn: Turn) -> str:
    """A turn in a line."""
    return f"{turn.role:>6}: {turn.text}{' —' if turn.interrupted else ''}"


def waited(turn: Turn) -> str:
    """How long the callee waited for a turn, and for what; nothing, if they did not."""
    if turn.latency_ms is None:
        return ""
    parts = _parts(turn.latency) if turn.latency else ""
    return f"  ({turn.latency_ms} ms{parts})"


def _parts(latency: TurnLatency) -> str:
    return (
        f": turn {latency.turn_ms}, token {latency.token_ms}, "
        f"voice {latency.voice_ms}, sound {latency.sound_ms}"
    )


def summary(record: CallRecord) -> str:
    """How it ended."""
    lasted = f" after {record.duration_seconds} s" if record.duration_seconds else ""
    return f"Ended{lasted}: {record.end_reason or 'unknown'}"
