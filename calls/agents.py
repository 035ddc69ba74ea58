"""Who calls: an agent is one YAML file in ``agents/``, read and checked here."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

FOLDER = Path(__file__).parent.parent / "agents"
VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")

Value = str | int | float | bool
"""What a variable may be."""


class AgentError(ValueError):
    """An agent's file, or what was asked of it, is not right. The message says what to mend."""


class UnknownAgentError(AgentError):
    """There is no agent of that name."""


class MissingVariableError(AgentError):
    """The agent's texts use variables that neither the request nor the file gives."""

    def __init__(self, agent: str, names: list[str]) -> None:
        self.names = names
        super().__init__(
            f"agent {agent!r} needs the variables {', '.join(names)}: give them in `variables`"
        )


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stt(_Section):
    """Who listens."""

    vendor: Literal["deepgram"] = "deepgram"
    model: str = "nova-3"


class LlmChoice(_Section):
    """Who thinks."""

    vendor: Literal["groq"] = "groq"
    model: str = "openai/gpt-oss-120b"
    reasoning_effort: Literal["none", "low", "medium", "high"] | None = None
    """Only for models that reason; sent as it is."""
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)


class Tts(_Section):
    """Who speaks."""

    vendor: Literal["deepgram"] = "deepgram"
    voice: str = "aura-2-theia-en"


class Idle(_Section):
    """What happens when nobody speaks."""

    after_seconds: float = Field(5.0, gt=0, le=60)
    """Silence, counted from when the agent's last sound was heard."""
    tries: int = Field(2, ge=0, le=10)
    """So many times the agent picks the conversation up; then it says goodbye."""
    prompt: str = (
        "The callee has been silent for a while. In one short, friendly sentence, "
        "check whether they are still there, and pick the conversation up where it was."
    )
    """Told to the LLM when the silence is to be broken."""
    goodbye: str = "I cannot hear you, so I will let you go. Thank you, and goodbye."
    """Spoken as it stands, when all tries were in vain."""


class Agent(_Section):
    """One agent. ``{{name}}`` in its texts stands for a variable of the call."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    """The file's name without ``.yaml``."""
    description: str = ""
    language: str = Field("en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    greeting: str = Field(min_length=1, max_length=1000)
    """The agent speaks first; these are its words."""
    prompt: str = Field(min_length=1, max_length=20_000)
    """The LLM's system message."""
    variables: dict[str, Value] = {}
    """What a variable is when the request does not give it."""
    stt: Stt = Stt()
    llm: LlmChoice = LlmChoice()
    tts: Tts = Tts()
    noise_filter: Literal["rnnoise", "none"] = "rnnoise"
    idle: Idle = Idle()
    recording: Literal["notice", "never"] = "notice"
    """``notice``: the call is recorded, and the greeting has to say so."""
    max_call_seconds: int | None = Field(None, ge=30, le=14_400)

    @model_validator(mode="after")
    def _recording_is_said(self) -> "Agent":
        if self.recording == "notice" and "record" not in self.greeting.lower():
            raise ValueError(
                "recording is `notice`, so the greeting has to say that the call is recorded; "
                "say it there, or set `recording: never`"
            )
        return self

    @field_validator("prompt", "greeting")
    @classmethod
    def _one_spacing(cls, text: str) -> str:
        return text.strip()

    def render(self, text: str, given: dict[str, Value]) -> str:
        """One of this agent's texts with its variables put in.

        Raises:
            MissingVariableError: a variable has no value.
        """
        values = {**self.variables, **given}
        missing = sorted({name for name in VARIABLE.findall(text) if name not in values})
        if missing:
            raise MissingVariableError(self.name, missing)
        return VARIABLE.sub(lambda found: str(values[found[1]]), text)

    def check(self, given: dict[str, Value]) -> None:
        """Nothing, if every text can be rendered with these variables.

        Raises:
            MissingVariableError: one cannot; it names every missing variable.
        """
        self.render(
            "\n".join([self.greeting, self.prompt, self.idle.prompt, self.idle.goodbye]), given
        )


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
