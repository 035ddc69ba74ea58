"""The agents that there are: YAML files in ``agents/``, read and checked here."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from calls.agent import Agent
from calls.refused import AgentError

FOLDER = Path(__file__).parent.parent / "agents"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where there is one, reads an agent in 1 ms instead of 7."""


class UnknownAgentError(AgentError):
    """There is no agent of that name."""


class AgentFileError(AgentError):
    """An agent's file is not right: the message has file, field and reason, a line each."""

    def __init__(self, file: str, mistakes: list[tuple[str | None, str]]) -> None:
        super().__init__(
            "\n".join(f"{file}: {f'{field}: ' if field else ''}{why}" for field, why in mistakes)
        )
        self.file = file
        self.mistakes = mistakes
        """Field, None if it is the whole file, and reason."""


def read(path: Path) -> Agent:
    """The agent in that file.

    Raises:
        AgentFileError: with file, field and reason, a line each.
    """
    try:
        content: Any = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 -- it is a safe one
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AgentFileError(path.name, [(None, f"not YAML: {error}")]) from error
    if not isinstance(content, dict):
        why = "expected fields such as `greeting:` and `prompt:`"
        raise AgentFileError(path.name, [(None, why)])
    try:
        return Agent.model_validate({"name": path.stem, **content})
    except ValidationError as error:
        mistakes: list[tuple[str | None, str]] = [
            (".".join(map(str, each["loc"])) or "the file", each["msg"]) for each in error.errors()
        ]
        raise AgentFileError(path.name, mistakes) from error


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
