"""How long a callee waits for the first sound: from the stream's `start` to the first `media`.

``python -m benchmarks.first_audio [--runs 12] [--processes 3] [--json]``; exits 1 where the
prepared greeting's median is over its bound. Measured against vendors of fixed speed
(benchmarks/vendors.py), for Dialout and for a stock bot with the same vendors
(benchmarks/stock_bot.py).
"""

import argparse
import asyncio
import itertools
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks.caller import calling
from benchmarks.stage import Stage, compiled, stage, tell
from calls.greeting import Greeting

BOUND_MS = 50
"""Of the prepared greeting."""
BETWEEN_SECONDS = 0.5
"""Listened on after the first sound, and waited after the end: as long do ends take."""


@dataclass
class Measured:
    """The milliseconds of one case."""

    name: str
    milliseconds: list[float] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, float]:
        ordered = sorted(self.milliseconds)
        p95 = quantiles(ordered, n=20)[-1] if len(ordered) > 1 else ordered[0]
        return {
            "median_ms": round(median(ordered), 1), "p95_ms": round(min(p95, ordered[-1]), 1),
            "n": len(ordered),
        }  # fmt: skip


async def warm(name: str, runs: int, dial: Callable[[], Awaitable[float]]) -> Measured:
    """Calls to a process that has had one."""
    await dial()
    return Measured(name, [await dial() * 1000 for _ in range(runs)])


async def first(
    name: str,
    processes: int,
    started: Callable[[], AbstractAsyncContextManager[str]],
    dial: Callable[[str], Awaitable[float]],
) -> Measured:
    """The first call of each of several processes."""
    measured = Measured(name)
    for _ in range(processes):
        async with started() as url:
            # A process that is up has mostly had some seconds before somebody answers.
            await asyncio.sleep(1)
            measured.milliseconds.append(await dial(url) * 1000)
    return measured


class Calls:
    """The kinds of calls that are measured."""

    def __init__(self, on: Stage) -> None:
        self._on = on
        self._number = itertools.count(1)
        self._stored = Greeting()

    async def prepared(self, url: str) -> float:
        """One whose greeting the process itself has prepared."""
        call = await asyncio.to_thread(self._on.call)
        self._stored = await self._on.prepared(call)
        return await _heard(url, self._on.stream(call))

    async def prepared_elsewhere(self, url: str) -> float:
        """One whose greeting another process has prepared: nothing has warmed this one."""
        call = await asyncio.to_thread(self._on.call)
        await asyncio.to_thread(self._on.greetings.put, call.call_id, self._stored)
        return await _heard(url, self._on.stream(call))

    async def unprepared(self, url: str) -> float:
        """One without."""
        return await _heard(url, self._on.stream(await asyncio.to_thread(self._on.call)))

    async def stock(self, url: str) -> float:
        """One to the stock bot."""
        return await _heard(url, {"call_sid": f"CA{next(self._number):032}", "parameters": {}})


async def _heard(url: str, stream: dict[str, Any]) -> float:
    async with calling(url, **stream) as caller:
        first_sound = await caller.first_sound()
        await asyncio.sleep(BETWEEN_SECONDS)
    await asyncio.sleep(BETWEEN_SECONDS)
    return first_sound


async def measure(runs: int, processes: int) -> list[Measured]:
    """All cases."""
    async with stage() as on:
        calls = Calls(on)
        async with on.media() as url:
            found = [
                await warm("prepared", runs, lambda: calls.prepared(url)),
                await warm("unprepared", runs, lambda: calls.unprepared(url)),
            ]
        found.append(
            await first("prepared, first call", processes, on.media, calls.prepared_elsewhere)
        )
        found.append(await first("unprepared, first call", processes, on.media, calls.unprepared))
        async with on.stock_bot() as url:
            found.append(await warm("stock bot", runs, lambda: calls.stock(url)))
        found.append(await first("stock bot, first call", processes, on.stock_bot, calls.stock))
        return found


def main() -> int:
    """Print a row a case."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_audio")
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    tell(f"bytecode compiled: {'yes' if compiled() else 'no'}")
    found = {each.name: each.summary for each in asyncio.run(measure(given.runs, given.processes))}
    for name, row in found.items():
        bound = BOUND_MS if name == "prepared" else None
        mark = f"   bound {bound} ms" if bound else ""
        over = "  OVER" if bound and row["median_ms"] > bound else ""
        tell(
            f"{name:24}median {row['median_ms']:7.1f} ms   p95 {row['p95_ms']:7.1f} ms"
            f"   n {row['n']:3}{mark}{over}"
        )
    ratio = found["stock bot"]["median_ms"] / found["prepared"]["median_ms"]
    tell(f"the stock bot takes {ratio:.0f} times as long as a prepared greeting")
    if given.json:
        tell(json.dumps({"bytecode_compiled": compiled(), "ratio": round(ratio, 1), **found}))
    return int(found["prepared"]["median_ms"] > BOUND_MS)


if __name__ == "__main__":
    sys.exit(main())
