"""Whether a rehearsed call reached its goal, judged by its record alone. Pure."""

import re
from typing import Any

from rehearsal.scenario import Goal


def shortfalls(goal: Goal, record: dict[str, Any]) -> list[str]:
    """What the record (the body of ``GET /calls/{id}``) lacks; nothing, if the goal was reached."""
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
    missing += [f"the agent never said {p!r}" for p in goal.said if not _found(p, agent)]
    missing += [
        f"the callee was never heard saying {p!r}" for p in goal.heard if not _found(p, callee)
    ]
    return missing


def _found(pattern: str, turns: list[dict[str, Any]]) -> bool:
    return any(re.search(pattern, turn["text"], re.IGNORECASE) for turn in turns)
