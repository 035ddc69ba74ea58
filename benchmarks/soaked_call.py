"""What became of one call of a soak: right, excused, or lost, and why. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

SILENCE_SECONDS = 15.0
"""So long nobody on the line makes a sound at most. Our agents break a silence after five, and who
is to hold the line is told so every three."""
TALKED = ("agent_hung_up", "callee_hung_up", "idle", "opted_out", "transferred")
"""How a conversation ends, whatever words were lost on its way."""
_SOUNDS = {
    "agent_speech_started": ("agent", True),
    "agent_speech_stopped": ("agent", False),
    "callee_clip_started": ("callee", True),
    "callee_clip_ended": ("callee", False),
}
_STREAM_ENDS = ("stream_cut", "stream_closed", "stream_broken", "stream_refused")

Event = dict[str, Any]
"""As ``/_rehearsal/calls/{sid}/events`` lists them: ``at``, ``event``, details."""
Verdict = Literal["right", "excused", "lost"]


@dataclass(frozen=True)
class Outage:
    """A vendor did not serve, from when to when (seconds since the epoch), by our own order."""

    began: float
    ended: float


@dataclass(frozen=True)
class Gap:
    """A callee had nobody on the line."""

    seconds: float
    handed_over: bool
    """We closed the stream ourselves; otherwise it broke."""


@dataclass(frozen=True)
class SoakedCall:
    """A call that is over, as it was seen from all sides.

    Args:
        record: the body of ``GET /calls/{id}``.
        events: what the phone network noted of it.
        goal: the ``end_reason`` of its scenario.
    """

    record: dict[str, Any]
    events: Sequence[Event]
    goal: str

    @property
    def legs(self) -> int:
        """Streams that a media task took."""
        return sum(entry["event"] == "stream_started" for entry in self.record["timeline"])

    @property
    def resumed(self) -> bool:
        """Whether another stream took it on at least once."""
        return self.legs > 1

    @property
    def silence(self) -> float:
        """The longest time without a sound of either side while it lasted, in seconds."""
        return longest_silence(self.events)

    @property
    def gaps(self) -> list[Gap]:
        """From each stream's end to the next stream's beginning."""
        return stream_gaps(self.events)

    def judge(self, outages: Iterable[Outage]) -> tuple[Verdict, list[str]]:
        """What became of it, and what is wrong with it."""
        wrong = [*self._record_wrong(), *self._line_wrong()]
        if not wrong:
            return "right", []
        if self.record["end_reason"] == "failed" and any(map(self._lasted_in, outages)):
            # An outage excuses the apology, and nothing else.
            rest = [each for each in wrong if not each.startswith("it ended by")]
            return ("lost", rest) if rest else ("excused", wrong)
        return "lost", wrong

    def _record_wrong(self) -> list[str]:
        record, wrong = self.record, []
        if record["status"] != "ended":
            return [f"its record says {record['status']}"]
        ends = sum(entry["event"] == "ended" for entry in record["timeline"])
        if ends != 1:
            wrong.append(f"its record ended {ends} times")
        if record["end_reason"] not in (self.goal, *TALKED):
            wrong.append(f"it ended by {record['end_reason']}")
        elif record["end_reason"] != self.goal and self.goal not in TALKED:
            # Nobody was to talk: a busy line is busy, a machine is no person.
            wrong.append(f"it ended by {record['end_reason']}, not {self.goal}")
        greetings = sum(turn["kind"] == "greeting" for turn in record["transcript"])
        if greetings > 1:
            wrong.append(f"it was greeted {greetings} times")
        return wrong

    def _line_wrong(self) -> list[str]:
        wrong = []
        if "ended" not in [event["event"] for event in self.events]:
            wrong.append("the phone network has not ended it")
        if any(event["event"] == "crashed" for event in self.events):
            wrong.append("the phone network crashed")
        if self.silence > SILENCE_SECONDS:
            wrong.append(f"silent for {self.silence:.1f} s")
        return wrong

    def _lasted_in(self, outage: Outage) -> bool:
        began = datetime.fromisoformat(self.record["created_at"]).timestamp()
        ended = datetime.fromisoformat(self.record["ended_at"]).timestamp()
        return began <= outage.ended and ended >= outage.began


def longest_silence(events: Iterable[Event]) -> float:
    """The longest time without a sound, from the answer to the end of a call, in seconds."""
    quiet_since: float | None = None
    sounding: set[str] = set()
    longest = 0.0
    for event in sorted(events, key=lambda event: float(event["at"])):
        name, at = event["event"], float(event["at"])
        if name == "answered":
            quiet_since = at
        if name in _SOUNDS:
            who, on = _SOUNDS[name]
            if quiet_since is not None:
                longest = max(longest, at - quiet_since)
            if on:
                sounding.add(who)
            else:
                sounding.discard(who)
            quiet_since = None if sounding else at
        if name == "hung_up":
            return max(longest, at - quiet_since) if quiet_since is not None else longest
    return longest


def stream_gaps(events: Iterable[Event]) -> list[Gap]:
    """The gaps between each stream's end and the next stream's beginning, where there is one."""
    gaps: list[Gap] = []
    ended: Event | None = None
    for event in sorted(events, key=lambda event: float(event["at"])):
        if event["event"] in _STREAM_ENDS:
            ended = ended or event
        elif event["event"] == "stream_open":
            if ended is not None:
                seconds = float(event["at"]) - float(ended["at"])
                gaps.append(Gap(seconds, handed_over=ended["event"] == "stream_closed"))
            ended = None
    return gaps
