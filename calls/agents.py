"""The agents that there are: YAML files in ``agents/``, read and checked here."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from calls.agent import Agent, AgentError

FOLDER = Path(__file__).parent.parent / "agents"


class UnknownAgentError(AgentError):
    """There is no agent of that name."""


def read(path: Path) -> Agent:
    """The agent in that file.

    Raises:
        AgentError: with file, field and reason, a line each.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AgentError(f"{path.name}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise AgentError(f"{path.name}: expected fields such as `greeting:` and `prompt:`")
    try:
        return Agent.model_validate({"name": path.stem, **content})
    except ValidationError as error:
        lines = [
            f"{path.name}: {'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}"
            for e in error.errors()
        ]
        raise AgentError("\n".join(lines)) from error


def names(folder: Path = FOLDER) -> list[str]:
    """Every agent there is, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


@cache
def load(name: str, folder: Path = FOLDER) -> Agent:
    """The agent of that name.

    Raises:
        UnknownAgentError: there is none; the message lists those there are.
        AgentError: its file is not right.
    """
    if name not in names(folder):
        raise UnknownAgentError(
            f"no agent {name!r}; there are: {', '.join(names(folder)) or 'none'}"
        )
    return read(folder / f"{name}.yaml")
