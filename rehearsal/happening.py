"""A call as it happens, read from its record again and again. Pure: records in, happenings out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_WORDS = {
    "dialing": "dialing",
    "ringing": "ringing",
    "answered": "answered",
    "stream_started": "the agent is on the line",
    "recording_in-progress": "recording",
    "recording_completed": "the recording is ready",
    "recording_absent": "there is no recording",
    "stream_error": "the stream failed",
    "ended": "ended",
}
_TELLING = frozenset({"answered_by", "greeting", "language", "menu", "tool", "waiting"})
"""Events that say little without their detail."""


@dataclass(frozen=True)
class Happening:
    """One line of a call."""

    at: datetime
    who: str
    """``agent``, ``callee``, or nobody (empty)."""
    text: str
    note: str = ""


@dataclass
class Follower:
    """Tells each thing once, in the order in which it was learned of."""

    _entries: int = 0
    _turns: set[int] = field(default_factory=set)

    def news(self, record: dict[str, Any]) -> Iterator[Happening]:
        """What ``record`` (the body of ``GET /calls/{id}``) has that the ones before had not."""
        found = [
            Happening(
                datetime.fromisoformat(entry["at"]),
                "",
                _WORDS.get(entry["event"], entry["event"].replace("_", " ")),
                _detail(entry, record),
            )
            for entry in record["timeline"][self._entries :]
        ]
        self._entries = len(record["timeline"])
        for turn in record["transcript"]:
            if turn["number"] not in self._turns:
                self._turns.add(turn["number"])
                found.append(
                    Happening(
                        datetime.fromisoformat(turn["at"]), turn["role"], turn["text"], _note(turn)
                    )
                )
        yield from sorted(found, key=lambda happening: happening.at)


def _detail(entry: dict[str, Any], record: dict[str, Any]) -> str:
    if entry["event"] == "ended":
        return str(record["end_reason"]).replace("_", " ")
    return str(entry.get("detail") or "") if entry["event"] in _TELLING else ""


def _note(turn: dict[str, Any]) -> str:
    notes = []
    if turn["latency_ms"] is not None:
        notes.append(f"after {turn['latency_ms']} ms")
    if turn["kind"] == "idle":
        notes.append("breaks the silence")
    if turn["interrupted"]:
        notes.append("cut short")
    return ", ".join(notes)
