"""A suite, tried: every callee's call, some at a time."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipecat.evals.scenario import EvalSimulationScenario

from calls.call import EndReason
from calls.language import language
from calls.refused import AgentError
from evals import evaluation, model
from evals.evaluation import Evaluation
from evals.minds import Minds, why_nobody_judges
from evals.stand_in import StandIn
from evals.suite import Callee, Suite
from evals.trial import Held, Trial

AT_A_TIME = 6
"""They mostly wait, for a voice that would be heard; but what is late in a call is late."""
STALLED_SECONDS = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """All that came of a suite."""

    suite: Suite
    minds: Minds
    rows: list[Evaluation]
    seconds: float

    def count(self, status: str) -> int:
        """So many rows have that status."""
        return sum(row.status == status for row in self.rows)

    @property
    def passed(self) -> bool:
        """Whether none failed, and not all were skipped."""
        return self.count("failed") == 0 and self.count("passed") > 0


async def attempt(
    suite: Suite,
    callees: Sequence[Callee],
    minds: Minds,
    done: Callable[[Evaluation], None] = lambda _: None,
    free: asyncio.Semaphore | None = None,
) -> Tried:
    """Hold these callees' calls.

    Args:
        done: called with each row as soon as it is known.
        free: so many calls at a time, of several suites together.
    """
    free = free or asyncio.Semaphore(AT_A_TIME)
    began = time.monotonic()
    spoken = language(suite.language).name
    stand_ins = {
        str(number): StandIn(spoken, callee.replies) for number, callee in enumerate(callees)
    }
    nobody_judges = why_nobody_judges(minds)

    async def row(number: int, callee: Callee, url: str) -> Evaluation:
        if callee.judged and nobody_judges:
            made = evaluation.skipped(callee, nobody_judges)
        elif _speaks(callee):
            async with free:
                made = await _one(number, callee, url)
        else:
            # Who says nothing is waited for, and costs nothing.
            made = await _one(number, callee, url)
        done(made)
        return made

    async def _one(number: int, callee: Callee, url: str) -> Evaluation:
        at = f"{url}/{number}/openai/v1" if minds.stands_in else ""
        gaps = stand_ins[str(number)].gaps

        async def hold() -> tuple[Held, Evaluation]:
            held = await Trial(suite, callee, minds, at, lambda: bool(gaps)).hold()
            return held, evaluation.evaluated(callee, minds.agent, held, gaps)

        try:
            minds.agent.check(callee.variables)
            held, made = await hold()
            late = held.stalled > STALLED_SECONDS or held.call.end_reason is EndReason.FAILED
            if made.status == "failed" and minds.stands_in and late:
                # A stand-in is never late: this machine was, and a call goes by the clock.
                log.warning("a call is held again", extra={"stalled": held.stalled})
                _, made = await hold()
        except AgentError as error:
            return evaluation.failed(callee, str(error))
        except Exception as error:
            log.exception("a call could not be held")
            return evaluation.failed(callee, f"{type(error).__name__}: {error}")
        return made

    async with model.serving(stand_ins) as url:
        rows = await asyncio.gather(*(row(n, each, url) for n, each in enumerate(callees)))
    return Tried(suite, minds, list(rows), round(time.monotonic() - began, 1))


def _speaks(callee: Callee) -> bool:
    turns = [] if isinstance(callee.played, EvalSimulationScenario) else callee.played.turns
    return callee.simulated or any(turn.user or turn.dtmf for turn in turns)
