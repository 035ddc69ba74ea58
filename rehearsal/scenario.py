"""A rehearsed call: the request, what the callee does, what the LLM says, what must come of it.

One YAML file in ``rehearsal/scenarios/`` is one scenario. Three readers share it: the phone network
plays ``callee``, the chat endpoint speaks ``llm``, and the `rehearse` command sends ``request`` and
judges ``goal``. The product reads none of it.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FOLDER = Path(__file__).parent / "scenarios"


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression, searched without regard to case."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Strict):
    """One line of the callee's script: a thing to wait for, or a thing to do. Exactly one is set.

    All times are seconds of the call's own clock.
    """

    agent_finishes: float | None = Field(None, ge=0)
    """Wait until the agent has spoken since the last step and has then been quiet this long."""
    agent_speaks: float | None = Field(None, ge=0)
    """Wait until the agent has been speaking this long: the place for a barge-in."""
    quiet: float | None = Field(None, gt=0)
    """Wait until neither side has made a sound for this long."""
    pause: float | None = Field(None, ge=0)
    """Wait this long, whatever happens."""
    say: str | None = None
    """Play a clip of ``rehearsal/voices/`` (its name without ``.wav``), to its end."""
    press: str | None = Field(None, pattern=r"^[0-9*#]+$")
    """Press these keys."""
    hang_up: Literal[True] | None = None
    """Hang up."""

    @model_validator(mode="after")
    def _one(self) -> "Step":
        if len(self.model_fields_set) != 1:
            raise ValueError("a step does one thing: one of " + ", ".join(type(self).model_fields))
        return self


class Callee(_Strict):
    """The person who is phoned."""

    outcome: Literal["answered", "busy", "no-answer", "failed", "machine"] = "answered"
    """How the ringing ends. A ``machine`` answers too, and plays its script as an announcement."""
    rings_for: float = Field(1.5, ge=0)
    """Seconds from `ringing` to that outcome."""
    patience: float = Field(30, gt=0)
    """Seconds that a step waits, and that the callee stays after the last, before hanging up."""
    script: tuple[Step, ...] = ()


class ToolCall(_Strict):
    """A tool that the LLM calls with its reply."""

    name: str
    arguments: dict[str, Any] = {}
    """``{{+60 min}}`` in a text stands for the callee's local time in so many minutes, counted from
    the one that the tools' descriptions tell: ``2026-11-22T18:30``."""


class Reply(_Strict):
    """What the LLM says when the last message matches. Used once, unless ``again``."""

    heard: Pattern
    """Searched in the last message, which may be a tool's result, such as ``recorded``; then in
    all that came since the assistant last spoke."""
    say: str = ""
    call: ToolCall | tuple[ToolCall, ...] = ()
    """One, or several in the same answer."""
    again: bool = False

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Every tool that it calls."""
        return (self.call,) if isinstance(self.call, ToolCall) else self.call


class Llm(_Strict):
    """The chat endpoint's part. Stateless: what was said already is read from the request."""

    match: Pattern | None = None
    """This scenario serves a request whose system message matches; without it, by default only."""
    after: Pattern | None = None
    """It serves only once this is found in what came after that message, and then before those that
    ask for nothing of the kind: who phones us is not known by the system message."""
    first_token_ms: int = Field(200, ge=0)
    token_ms: int = Field(15, ge=0)
    """Between one word and the next."""
    replies: tuple[Reply, ...] = ()
    otherwise: str = "I am sorry, could you say that again?"
    extraction: dict[str, Any] | None = None
    """What it answers when it is asked for JSON (``response_format``), after the call: for example
    ``summary``, ``disposition`` and ``outcome``. What is not given here is null, or empty."""


class Goal(_Strict):
    """What must be true of the call's record, or the rehearsal has failed."""

    end_reason: str
    turns: int = Field(0, ge=0)
    """At least so many turns of the agent."""
    interruptions: int = Field(0, ge=0)
    """At least so many of them cut short by the callee."""
    idle: int = Field(0, ge=0)
    """At least so many times the agent broke a silence."""
    said: tuple[Pattern, ...] = ()
    """Each found in something that the agent said."""
    heard: tuple[Pattern, ...] = ()
    """Each found in something that the callee said."""
    outcome: dict[str, Any] | None = None
    """Each of these is in the record's ``outcome``, with exactly this value."""
    disposition: str | None = None
    """The record's."""
    answered_by: str | None = None
    """The record's: who, or what, picked up."""
    opted_out: bool = False
    """Whether the person's number is on the do-not-call list afterwards."""
    tools: tuple[str, ...] = ()
    """Each was called, the record's timeline says."""
    events: tuple[str, ...] = ()
    """Each is in the record's timeline."""


class Scenario(_Strict):
    summary: str
    direction: Literal["outbound", "inbound"] = "outbound"
    """``inbound``: the ``callee`` is who phones our number, and the agent is who answers."""
    request: dict[str, Any] = {}
    """Outbound: the body of ``POST /dialout``."""
    caller: str | None = Field(None, pattern=r"^\+[1-9][0-9]{6,14}$")
    """Inbound: the number of who phones."""
    callee: Callee = Callee()
    """The person on the other side, whoever phones."""
    llm: Llm = Llm()
    goal: Goal

    @model_validator(mode="after")
    def _somebody_phones(self) -> "Scenario":
        inbound = self.direction == "inbound"
        if inbound != bool(self.caller) or inbound == bool(self.request):
            raise ValueError("outbound it has a `request`; inbound a `caller`, and no request")
        return self

    @property
    def person(self) -> str:
        """The number of the person who is not the agent."""
        return self.caller or str(self.request.get("to_number"))


def names(folder: Path = FOLDER) -> list[str]:
    """Every scenario's name, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load(name: str, folder: Path = FOLDER) -> Scenario:
    """The scenario of that name.

    Raises:
        FileNotFoundError: there is none; the message lists those there are.
        pydantic.ValidationError: the file does not say what a scenario must.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        raise FileNotFoundError(f"no scenario {name!r}; there are: {', '.join(names(folder))}")
    return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
