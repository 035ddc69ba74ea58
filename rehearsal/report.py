"""What a rehearsal shows: the world coming up, the call as it happens, the summary."""

import time
from dataclasses import asdict
from datetime import datetime
from statistics import median
from typing import Any

from rich.console import Console
from rich.text import Text

from rehearsal.happening import Happening
from rehearsal.log_line import Noted
from rehearsal.misfortune import MISFORTUNES, Sight
from rehearsal.placed_call import PlacedCall
from rehearsal.trial import Trial

_STYLES = {"agent": "cyan", "callee": "yellow", "": "dim"}


class Report:
    """Lines as they come; colours only on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._dialed: datetime | None = None

    def step(self, text: str) -> None:
        """Something of the world is up."""
        self._line(f"{time.monotonic() - self._began:6.1f} s", "", text, "")

    def heading(self, text: str) -> None:
        """A new part."""
        self._console.print()
        self._console.print(Text(text, style="bold"), soft_wrap=True)

    def happening(self, happening: Happening) -> None:
        """A line of the call; its clock starts with the first."""
        self._dialed = self._dialed or happening.at
        seconds = (happening.at - self._dialed).total_seconds()
        self._line(f"{seconds:6.1f} s", happening.who, happening.text, happening.note)

    def _line(self, when: str, who: str, text: str, note: str) -> None:
        line = Text(f"{when}  ", style="dim")
        line.append(f"{who:7}" if who else "", style=f"bold {_STYLES[who]}")
        line.append(text, style=_STYLES[who] if not who else "")
        if note:
            line.append(f"  ({note})", style="dim")
        self._console.print(line, soft_wrap=True)

    def trial(self, trial: Trial) -> None:
        """How a call under misfortune went, from both sides."""
        if trial.placed:
            self.summary(trial.placed, trial.shortfalls)
        self._caller(trial.caller)
        self._operator(trial.operator)
        self._faults(trial.missing)

    def _caller(self, seen: Sight) -> None:
        """What the caller of the API saw."""
        self.heading("What the caller saw")
        rows = {"POST /dialout": f"{seen.status} {seen.code or ''}"}
        if seen.retry_after:
            rows["Retry-After"] = f"{seen.retry_after} s"
        if seen.detail:
            rows["detail"] = seen.detail
        rows["the call ended by"] = seen.end_reason or "there is no call"
        self._rows(rows)

    def _operator(self, noted: list[Noted]) -> None:
        """What an operator finds in the logs."""
        self.heading("What an operator finds in the logs")
        for each in noted:
            alarms = f"  (feeds the alarm {', '.join(each.alarms)})" if each.alarms else ""
            line = Text(f"  {each.count:3} x  {each.part}: {each.level}: {each.sentence}{alarms}")
            self._console.print(line, soft_wrap=True)
        if not noted:
            self._console.print("  nothing at warning or error level")

    def _faults(self, missing: dict[str, list[str]]) -> None:
        """Whether each misfortune showed what it is declared to show."""
        self._console.print()
        for name, lacking in missing.items():
            for what in lacking:
                self._console.print(Text(f"  {name}: {what}", style="red"), soft_wrap=True)
            verdict = "came out as declared." if not lacking else "did not come out as declared."
            style = "bold red" if lacking else "bold green"
            self._console.print(Text(f"{name} {verdict}", style=style), soft_wrap=True)

    def summary(self, placed: PlacedCall, shortfalls: list[str]) -> None:
        """How it went."""
        record = placed.record
        latencies = [t["latency_ms"] for t in agent_turns(record) if t["latency_ms"] is not None]
        self.heading("Summary")
        rows = {
            "call": f"{record['call_id']}, {record['status']}: {record['end_reason']}",
            "answer to first audio": _ms(record["answer_to_first_audio_ms"]),
            "turns of the agent": str(len(agent_turns(record))),
            "turn latency, median": _ms(round(median(latencies)) if latencies else None),
            "turn latencies": ", ".join(f"{ms} ms" for ms in latencies) or "none",
            "recording": str(placed.recording or "none"),
        }
        self._rows(rows)
        self._console.print()
        for shortfall in shortfalls:
            self._console.print(Text(f"  missing: {shortfall}", style="red"), soft_wrap=True)
        done = not shortfalls
        self._console.print(
            Text(
                "The conversation reached its goal." if done else "The goal was not reached.",
                style="bold green" if done else "bold red",
            )
        )

    def _rows(self, rows: dict[str, str]) -> None:
        for name, value in rows.items():
            self._console.print(
                f"  {name:22}{value}", soft_wrap=True, highlight=False, markup=False
            )


def agent_turns(record: dict[str, Any]) -> list[dict[str, Any]]:
    """What the agent said."""
    return [turn for turn in record["transcript"] if turn["role"] == "agent"]


def as_json(placed: PlacedCall | None, shortfalls: list[str]) -> dict[str, Any]:
    """The result of ``rehearse --json``. Without a call there is ``null`` in its place."""
    record = placed.record if placed else None
    return {
        "goal_reached": not shortfalls,
        "missing": shortfalls,
        "call": record,
        "answer_to_first_audio_ms": record["answer_to_first_audio_ms"] if record else None,
        "turns": _exchanges(record["transcript"]) if record else [],
        "recording": str(placed.recording) if placed and placed.recording else None,
    }


def trial_as_json(trial: Trial) -> dict[str, Any]:
    """The result of ``rehearse --json --fault NAME``."""
    return {
        **as_json(trial.placed, trial.shortfalls),
        "fault": [
            {"name": name, "shows": MISFORTUNES[name].shows, "missing": missing}
            for name, missing in trial.missing.items()
        ],
        "caller_saw": asdict(trial.caller),
        "operator_saw": [asdict(noted) for noted in trial.operator],
    }


def _exchanges(transcript: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each of the agent's turns, with what was heard before it."""
    exchanges = []
    heard: list[str] = []
    for turn in transcript:
        if turn["role"] == "callee":
            heard.append(turn["text"])
            continue
        exchanges.append(
            {
                "heard": " ".join(heard) or None,
                "said": turn["text"],
                "latency_ms": turn["latency_ms"],
            }
        )
        heard = []
    return exchanges


def _ms(value: int | None) -> str:
    return "unknown" if value is None else f"{value} ms"
