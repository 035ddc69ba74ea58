"""A tool: what the LLM is told of it, and what it does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.frames.frames import FunctionCallResultProperties

from calls.tool_use import ToolUse
from media_service.frames import QuietResult

NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
"""The parameters of a tool that needs none."""


@dataclass(frozen=True)
class Result:
    """What the LLM is told, and what comes of it on the pipeline. By itself, the LLM goes on."""

    content: Mapping[str, Any]
    properties: FunctionCallResultProperties | None = None


@dataclass(frozen=True)
class Tool:
    """One tool of one call."""

    name: str
    description: str
    run: Callable[[dict[str, Any], ToolUse], Awaitable[Result]]
    """Takes arguments that fit ``parameters``, and the use of it that this is. What it raises is
    logged, and told in no detail."""
    parameters: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """A JSON schema of an object."""
    check: Callable[[Mapping[str, Any]], list[str]] | None = None
    """What is wrong with arguments, where it can be said better than by the schema alone."""
    to_the_end: bool = False
    """Run it even while the agent is leaving."""

    @property
    def schema(self) -> FunctionSchema:
        """As Pipecat offers it to an LLM."""
        return _Schema(self.name, self.description, self.parameters)

    def errors(self, arguments: Mapping[str, Any]) -> list[str]:
        """What is wrong with these arguments."""
        if self.check:
            return self.check(arguments)
        found = jsonschema.Draft202012Validator(self.parameters).iter_errors(arguments)
        worst = jsonschema.exceptions.best_match(found)
        if worst is None:
            return []
        where = ".".join(str(step) for step in worst.absolute_path)
        return [f"{where}: {worst.message}" if where else worst.message]


def failed(error: str) -> Result:
    """It was not done, and why; the LLM says so, or does it better."""
    return Result({"error": error})


def done(status: str) -> Result:
    """It was done, and the callee need not be told."""
    return Result({"status": status}, QuietResult())


class _Schema(FunctionSchema):
    """With all of the JSON schema, of which Pipecat's own keeps the properties alone."""

    def __init__(self, name: str, description: str, parameters: Mapping[str, Any]) -> None:
        properties, required = parameters.get("properties", {}), parameters.get("required", [])
        super().__init__(name, description, dict(properties), list(required))
        self._whole = dict(parameters)

    def to_default_dict(self) -> dict[str, Any]:
        """As the LLM's vendors take it."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": {"properties": {}, "required": [], **self._whole},
        }
