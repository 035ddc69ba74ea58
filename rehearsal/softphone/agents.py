"""Who can call: the agents of this folder, and what to tell each to see them at their best."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.scenario import FOLDER, Scenario, load, names

AGENTS = Path(__file__).resolve().parents[2] / "agents"
CLIPS = Path(__file__).parent.parent / "voices" / "clips.yaml"
DEFAULT = "amelia"
"""Whom a request that names no agent asks for."""


@dataclass(frozen=True)
class Example:
    """A call of that agent whose LLM is written down: what to ask for, and what to say in it."""

    scenario: str
    variables: dict[str, Any]
    lines: tuple[str, ...]
    """What the callee says there. The same words get the same answers from anybody."""


@dataclass(frozen=True)
class Agent:
    """An agent, as one picks them."""

    name: str
    description: str
    language: str
    variables: dict[str, Any]
    """With the values that stand in."""
    example: Example | None


def listed(agents: Path = AGENTS, scenarios: Path = FOLDER) -> list[dict[str, Any]]:
    """Every agent, the default one first. A file that is no agent's is passed over."""
    calls = {name: load(name, scenarios) for name in names(scenarios)}
    texts = yaml.safe_load(CLIPS.read_text(encoding="utf-8"))
    examples = {
        name: Example(name, dict(call.request.get("variables") or {}), _said(call, texts))
        for name, call in calls.items()
        if call.request and call.llm.match and call.callee.outcome == "answered"
    }
    found = [
        agent
        for path in sorted(agents.glob("*.yaml"))
        for agent in _read(path, [examples[name] for name in examples if _asks(calls[name], path)])
    ]
    return [asdict(agent) for agent in sorted(found, key=lambda agent: agent.name != DEFAULT)]


def _asks(call: Scenario, path: Path) -> bool:
    return bool(call.request.get("agent", DEFAULT) == path.stem)


def _read(path: Path, examples: Sequence[Example]) -> Iterator[Agent]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return  # `dialout agents check` says what is wrong with it
    if isinstance(given, dict):
        yield Agent(
            path.stem,
            str(given.get("description") or ""),
            str(given.get("language") or "en"),
            dict(given.get("variables") or {}),
            # Of its scenarios the one in which most is said.
            max((each for each in examples if each.lines), key=_talk, default=None),
        )


def _talk(example: Example) -> int:
    return len(example.lines)


def _said(call: Scenario, texts: Mapping[str, Any]) -> tuple[str, ...]:
    said = [step.say for step in call.callee.script if step.say is not None]
    return tuple(texts[name]["text"] for name in said if name in texts)
