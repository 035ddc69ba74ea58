"""What is to be said of one callee's call. Pure."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from pipecat.evals.results import EvalScriptResult, EvalSimulationResult

from calls.agent import Agent
from evals import rules
from evals.result import shortfalls, wrong_values
from evals.rules import Broken, Heard
from evals.suite import Callee
from evals.trial import Held

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Evaluation:
    """One row."""

    callee: str
    who: str
    kind: Literal["scripted", "simulated"]
    status: Status
    why: list[str]
    """Why it failed, or was skipped."""
    turns: int = 0
    """Of the agent."""
    latency_ms: int | None = None
    """From the end of the callee's turn to the first word of the answer: the median."""
    slowest_ms: int | None = None
    interruptions: int = 0
    outcome_right: bool | None = None
    """None: nothing is wanted of it."""
    rules_broken: list[Broken] = field(default_factory=list)
    end_reason: str | None = None
    outcome: dict[str, Any] | None = None
    seconds: float = 0.0
    transcript: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    """Of a simulated callee: what the judge says of each."""


def skipped(callee: Callee, why: str) -> Evaluation:
    """The row of a callee that was not tried."""
    return Evaluation(callee.name, callee.who, _kind(callee), "skipped", [why])


def failed(callee: Callee, why: str) -> Evaluation:
    """The row of a callee whose call could not be held."""
    return Evaluation(callee.name, callee.who, _kind(callee), "failed", [why])


def evaluated(callee: Callee, agent: Agent, held: Held, gaps: list[str]) -> Evaluation:
    """The row of a call.

    Args:
        gaps: what the stand-in for a model was not told, and needed.
    """
    call, turns = held.call, held.turns
    said = [turn for turn in turns if turn.role == "agent"]
    waits = [turn.latency.token_ms for turn in said if turn.latency]
    wrong = wrong_values(callee.result, call)
    broken = rules.broken(
        Heard(agent, call, turns, held.listed, held.prompt, held.written), callee.waived
    )
    why = [
        *gaps,
        *_driven(held.driven),
        *shortfalls(callee.result, call, turns, listed=held.listed),
        *(wrong or []),
        *(f"{each.rule}: {each.why}" for each in broken),
    ]
    return Evaluation(
        callee=callee.name, who=callee.who, kind=_kind(callee),
        status="failed" if why else "passed", why=why,
        turns=len(said), interruptions=sum(turn.interrupted for turn in said),
        latency_ms=round(median(waits)) if waits else None, slowest_ms=max(waits, default=None),
        outcome_right=None if wrong is None else not wrong, rules_broken=broken,
        end_reason=call.end_reason, outcome=call.outcome, seconds=round(held.seconds, 1),
        transcript=[
            turn.model_dump(mode="json", include={"role", "text", "kind", "interrupted"})
            for turn in turns
        ],
        metrics=_metrics(held.driven),
    )  # fmt: skip


def _kind(callee: Callee) -> Literal["scripted", "simulated"]:
    return "simulated" if callee.simulated else "scripted"


def _driven(driven: EvalScriptResult | EvalSimulationResult) -> list[str]:
    if isinstance(driven, EvalSimulationResult):
        return [driven.failure] if driven.failure else []
    return [f"turn {each.turn_index + 1}: {each.reason}" for each in driven.failures]


def _metrics(driven: EvalScriptResult | EvalSimulationResult) -> list[dict[str, Any]]:
    if isinstance(driven, EvalScriptResult):
        return []
    return [
        {"name": m.name, "passed": m.passed, "score": m.score, "value": m.value, "why": m.reason}
        for m in driven.metrics
    ]
