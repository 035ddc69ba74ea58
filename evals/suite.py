"""A suite: the callees that an agent is tried on. One YAML file in ``evals/suites/``.

It is a scenario file of Pipecat's (``pipecat.evals.scenario``): each of its ``scenarios`` is a
callee, scripted by ``turns`` or played by an LLM by ``persona``, ``goal`` and ``success``. The keys
here come on top: what the call is about, what the stand-in for a model says, what must come of it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pipecat.evals.scenario import (
    EvalExpectation,
    EvalScenarioFile,
    EvalScriptScenario,
    EvalScriptTurn,
    EvalSimulationScenario,
)
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from calls.language import language
from calls.variable import Value
from evals import rules
from evals.result import Result
from rehearsal import scenario

FOLDER = Path(__file__).parent / "suites"
_PIPECATS = frozenset(
    {
        "name", "turns", "stop_on_failure", "persona", "goal", "success", "metrics",
        "max_turns", "max_duration_s", "max_silence_s",
    }
)  # fmt: skip
"""Its keys that mean something here: there is no sound, and who judges is a matter of keys."""


class SuiteError(ValueError):
    """A suite is not right. The message has file, callee and reason, a line each."""

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {mistake}" for mistake in mistakes))


def _is_rule(name: str) -> str:
    if name not in rules.RULES:
        raise ValueError(f"there is no such rule; there are: {', '.join(rules.RULES)}")
    return name


def _is_language(code: str) -> str:
    language(code)
    return code


class Reply(scenario.Reply):
    """What the stand-in for a model says, if it can know it. Used once, unless ``again``."""

    needs: tuple[scenario.Pattern, ...] = ()
    """Each has to be found in the system message that was sent, or the stand-in does not know. What
    a named group finds is put in for ``{{its name}}`` in what it says."""


class _Keys(BaseModel):
    """What a whole file may say, and each callee for itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variables: dict[str, Value] = {}
    """Of the call."""
    time_zone: str | None = None
    """Where the callee is."""
    replies: tuple[Reply, ...] = ()
    answers: dict[str, Any] = {}
    """What the user's own servers answer, by tool."""
    waived: tuple[Annotated[str, AfterValidator(_is_rule)], ...] = ()
    """The rules that this agent need not keep."""


class _Callee(_Keys):
    name: str
    who: str = ""
    """In a sentence, for people."""
    hangs_up: bool = False
    """After the last of the script; else they wait for the agent to."""
    result: Result = Result()


class _File(_Keys):
    name: str
    agent: str | None = None
    """By default the name."""
    language: Annotated[str, AfterValidator(_is_language)]
    """What its callees speak, whatever the agent's file says."""
    direction: Literal["outbound", "inbound"] = "outbound"
    """``inbound``: the callees phone us."""
    scenarios: tuple[dict[str, Any], ...] = Field(min_length=1)


Played = EvalScriptScenario | EvalSimulationScenario


@dataclass(frozen=True)
class Callee:
    """One callee, with what their file says for all."""

    name: str
    who: str
    played: Played
    variables: dict[str, Value]
    time_zone: str | None
    replies: tuple[Reply, ...]
    answers: dict[str, Any]
    waived: frozenset[str]
    hangs_up: bool
    result: Result

    @property
    def simulated(self) -> bool:
        """Whether an LLM plays them."""
        return isinstance(self.played, EvalSimulationScenario)

    @property
    def judged(self) -> bool:
        """Whether an LLM judges what they are told."""
        if isinstance(self.played, EvalSimulationScenario):
            return True
        return any(expected.eval for turn in self.played.turns for expected in turn.expect)


@dataclass(frozen=True)
class Suite:
    """The callees of one agent."""

    path: Path
    agent: str
    language: str
    direction: Literal["outbound", "inbound"]
    callees: tuple[Callee, ...]


def names(folder: Path = FOLDER) -> list[str]:
    """Every suite there is, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read(path: Path) -> Suite:
    """The suite in that file.

    Raises:
        SuiteError: with every mistake that was found.
        OSError: the file cannot be read.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SuiteError(path, [f"not YAML: {error}"]) from error
    if not isinstance(content, dict):
        raise SuiteError(path, ["expected fields such as `name:`, `language:` and `scenarios:`"])
    try:
        said = _File.model_validate(content)
    except ValidationError as error:
        raise SuiteError(path, _mistakes(error)) from error
    callees, mistakes = [], []
    for number, given in enumerate(said.scenarios, 1):
        try:
            callees.append(_Callee.model_validate(_ours(given)))
        except ValidationError as error:
            who = f"scenario {given.get('name', number)}: "
            mistakes += [who + mistake for mistake in _mistakes(error)]
    if mistakes:
        raise SuiteError(path, mistakes)
    try:
        played = EvalScenarioFile.load(path).scenarios
    except (ValueError, TypeError, AttributeError, OSError) as error:
        # It says which file itself, and takes much for granted.
        told = str(error).removeprefix(f"{path}: ") or type(error).__name__
        raise SuiteError(path, [told]) from error
    made = [_made(said, *each) for each in zip(callees, said.scenarios, played, strict=True)]
    return Suite(path, said.agent or said.name, said.language, said.direction, tuple(made))


def _ours(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in _PIPECATS or key == "name"}


def _made(said: _File, callee: _Callee, given: dict[str, Any], played: Any) -> Callee:
    return Callee(
        name=callee.name,
        who=callee.who,
        played=_waiting(played, given) if isinstance(played, EvalScriptScenario) else played,
        variables={**said.variables, **callee.variables},
        time_zone=callee.time_zone or said.time_zone,
        replies=(*callee.replies, *said.replies),
        answers={**said.answers, **callee.answers},
        waived=frozenset(said.waived + callee.waived),
        hangs_up=callee.hangs_up,
        result=callee.result,
    )


def _waiting(script: EvalScriptScenario, given: dict[str, Any]) -> EvalScriptScenario:
    """The script of somebody who hears the agent out: its greeting first, then each answer."""
    answer = [EvalExpectation(event="llm_response")]
    turns = [
        turn if "expect" in written else replace(turn, expect=answer)
        for turn, written in zip(script.turns, given["turns"], strict=True)
    ]
    if not turns or turns[0].user is not None or turns[0].dtmf is not None:
        early = turns and turns[0].send_after is not None
        turns = turns if early else [EvalScriptTurn(user=None, expect=answer), *turns]
    return replace(script, turns=turns)


def _mistakes(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors()
    ]
