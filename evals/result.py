"""What must come of a call, and what it lacks. Pure."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from calls.call import Call, Turn
from rehearsal.scenario import Pattern


class Matches(BaseModel):
    """A value of the outcome that is worded differently each time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matches: Pattern


class Result(BaseModel):
    """What must be true of a call's record. What is not said may be anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    end_reason: str | tuple[str, ...] = ()
    """One of these."""
    outcome: dict[str, Matches | Any] | None = None
    """Each of these is in the record's ``outcome``, with exactly this value, or one that
    ``{matches: a regular expression}``."""
    said: tuple[Pattern, ...] = ()
    """Each found in something that the agent said."""
    never_said: tuple[Pattern, ...] = ()
    """None of them found in anything that it said."""
    tools: tuple[str, ...] = ()
    """Each was used."""
    interruptions: int = Field(0, ge=0)
    """At least so many turns of the agent were cut short by the callee."""
    idle: int = Field(0, ge=0)
    """At least so many times the agent broke a silence."""
    opted_out: bool = False
    """Whether the callee's number is on the do-not-call list afterwards."""


def shortfalls(wanted: Result, call: Call, turns: Sequence[Turn], *, listed: bool) -> list[str]:
    """What the call lacks, its outcome apart; nothing, if all is as it must be."""
    agent = [turn for turn in turns if turn.role == "agent"]
    missing = []
    ends = (wanted.end_reason,) if isinstance(wanted.end_reason, str) else wanted.end_reason
    if ends and call.end_reason not in ends:
        missing.append(f"it ended by {call.end_reason}, not {' or '.join(ends)}")
    counts = {
        "interruptions": (sum(turn.interrupted for turn in agent), wanted.interruptions),
        "broken silences": (sum(turn.kind == "idle" for turn in agent), wanted.idle),
    }
    missing += [f"{n} {what}, not {least}" for what, (n, least) in counts.items() if n < least]
    used = {use.name for use in call.tool_uses}
    missing += [f"the tool {name} was never used" for name in wanted.tools if name not in used]
    missing += [f"the agent never said /{p}/" for p in wanted.said if not _found(p, agent)]
    missing += [f"the agent said /{p}/" for p in wanted.never_said if _found(p, agent)]
    if wanted.opted_out != listed:
        missing.append(f"the number is {'' if listed else 'not '}on the do-not-call list")
    return missing


def wrong_values(wanted: Result, call: Call) -> list[str] | None:
    """What is not right in the outcome; None, if nothing is wanted of it."""
    if wanted.outcome is None:
        return None
    found = call.outcome or {}
    return [
        f"the outcome's {name} is {_json(found, name)}, not {_told(value)}"
        for name, value in wanted.outcome.items()
        if not _is(value, found, name)
    ]


def _is(wanted: Any, found: dict[str, Any], name: str) -> bool:
    if isinstance(wanted, Matches):
        value = found.get(name)
        return isinstance(value, str) and re.search(wanted.matches, value, re.I) is not None
    # As JSON: to Python, true is 1.
    return _json(found, name) == json.dumps(wanted)


def _told(value: Any) -> str:
    return f"like /{value.matches}/" if isinstance(value, Matches) else json.dumps(value)


def _json(values: dict[str, Any], name: str) -> str:
    return json.dumps(values[name]) if name in values else "not there"


def _found(pattern: str, turns: Sequence[Turn]) -> bool:
    return any(re.search(pattern, turn.text, re.IGNORECASE) for turn in turns)
