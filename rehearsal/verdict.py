"""Whether a rehearsed call reached its goal, judged by what is left of it. Pure."""

import json
import re
from typing import Any

from rehearsal.scenario import Goal


def shortfalls(goal: Goal, record: dict[str, Any], *, listed: bool = False) -> list[str]:
    """What the call lacks; nothing, if the goal was reached.

    Args:
        record: the body of ``GET /calls/{id}``.
        listed: whether the person's number is on the do-not-call list afterwards.
    """
    turns = record["transcript"]
    agent = [turn for turn in turns if turn["role"] == "agent"]
    callee = [turn for turn in turns if turn["role"] == "callee"]
    missing = []
    if record["status"] != "ended":
        missing.append(f"the call is {record['status']}, not ended")
    if record["end_reason"] != goal.end_reason:
        missing.append(f"it ended by {record['end_reason']}, not {goal.end_reason}")
    counts = {
        "turns of the agent": (len(agent), goal.turns),
        "interruptions": (sum(turn["interrupted"] for turn in agent), goal.interruptions),
        "broken silences": (sum(turn["kind"] == "idle" for turn in agent), goal.idle),
    }
    missing += [
        f"{count} {what}, not {least}" for what, (count, least) in counts.items() if count < least
    ]
    missing += _results(goal, record)
    if goal.opted_out != listed:
        missing.append(f"the number is {'' if listed else 'not '}on the do-not-call list")
    missing += [f"the agent never said {p!r}" for p in goal.said if not _found(p, agent)]
    missing += [
        f"the callee was never heard saying {p!r}" for p in goal.heard if not _found(p, callee)
    ]
    return missing


def _results(goal: Goal, record: dict[str, Any]) -> list[str]:
    found = record["outcome"] or {}
    missing = [
        f"the outcome's {name} is {_json(found, name)}, not {json.dumps(value)}"
        for name, value in (goal.outcome or {}).items()
        # As JSON: to Python, true is 1.
        if _json(found, name) != json.dumps(value)
    ]
    if goal.disposition and record["disposition"] != goal.disposition:
        missing.append(f"it came to {record['disposition']}, not {goal.disposition}")
    if goal.answered_by and record["answered_by"] != goal.answered_by:
        missing.append(f"it was answered by {record['answered_by']}, not {goal.answered_by}")
    called = {entry["detail"] for entry in record["timeline"] if entry["event"] == "tool"}
    missing += [f"the tool {name} was never called" for name in goal.tools if name not in called]
    events = {entry["event"] for entry in record["timeline"]}
    missing += [f"there was no {event}" for event in goal.events if event not in events]
    return missing


def _json(values: dict[str, Any], name: str) -> str:
    return json.dumps(values[name]) if name in values else "not there"


def _found(pattern: str, turns: list[dict[str, Any]]) -> bool:
    return any(re.search(pattern, turn["text"], re.IGNORECASE) for turn in turns)
