"""A check, and an examination: all of them, side by side, each after those that it builds on."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dialout.doctor.finding import Finding, Verdict, fail, skipped
from dialout.doctor.patient import Patient, UnreachableError

SECONDS = 30.0
"""A check that takes longer has failed. Each request in it has a shorter limit of its own."""


@dataclass(frozen=True)
class Check:
    """One question to the environment."""

    name: str
    asks: str
    """The question, in words."""
    run: Callable[[Patient], Awaitable[Finding]]
    needs: tuple[str, ...] = ()
    """Checks without whose success this one says nothing: it is skipped."""
    after: tuple[str, ...] = ()
    """Checks that are waited for, whatever they find."""


@dataclass(frozen=True)
class Result:
    """A check, and what it found."""

    check: Check
    finding: Finding
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "name": self.check.name,
            "asks": self.check.asks,
            "verdict": self.finding.verdict.value,
            "finding": self.finding.text,
            "remedy": self.finding.remedy or None,
            "seconds": round(self.seconds, 3),
        }


async def examine(patient: Patient, checks: Sequence[Check]) -> list[Result]:
    """Every check's result, in the order of ``checks``; what a check builds on comes before it."""
    running: dict[str, asyncio.Task[Result]] = {}
    for check in checks:
        before = {name: running[name] for name in (*check.needs, *check.after) if name in running}
        running[check.name] = asyncio.create_task(_result(check, patient, before))
    return list(await asyncio.gather(*running.values()))


def chosen(checks: Sequence[Check], only: str) -> list[Check]:
    """The check of that name, and all that it builds on.

    Raises:
        KeyError: there is none.
    """
    known = {check.name: check for check in checks}
    wanted, open_ = set[str](), [only]
    while open_:
        name = open_.pop()
        wanted.add(name)
        open_ += {*known[name].needs, *known[name].after} - wanted
    return [check for check in checks if check.name in wanted]


async def _result(
    check: Check, patient: Patient, before: dict[str, asyncio.Task[Result]]
) -> Result:
    results = {name: await task for name, task in before.items()}
    for name in check.needs:
        if results[name].finding.verdict in (Verdict.FAIL, Verdict.SKIPPED):
            return Result(check, skipped(f"only makes sense when `{name}` is well"), 0.0)
    began = time.monotonic()
    finding = await _finding(check, patient)
    return Result(check, finding, time.monotonic() - began)


async def _finding(check: Check, patient: Patient) -> Finding:
    try:
        async with asyncio.timeout(SECONDS):
            return await check.run(patient)
    except UnreachableError as error:
        return fail(str(error), error.remedy)
    except TimeoutError:
        return fail(f"no answer in {SECONDS:.0f} s", f"dialout doctor --only {check.name}")
    except Exception as error:
        # One check that stumbles must not take the others with it. The error's own text may hold
        # what was asked with, so only its kind is told.
        return fail(
            f"the doctor itself stumbled here ({type(error).__name__})",
            "report this, with what you ran, as an issue of Dialout",
        )
