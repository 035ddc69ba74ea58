"""What a hundred calls leave in the memory of one media process: many short calls, nothing else.

``python -m benchmarks.memory [--calls 300] [--at-once 5] [--json]``; exits 1 if memory grows by
more than 2 MB per 100 calls, or a file descriptor or a thread is left.

`make chaos` measures the same in half an hour in which everything breaks, from a handful of rounds;
here nothing breaks, and a slope of a few MB is told from noise. Each call is greeted, asks for
something, is answered and hangs up. After every batch of calls the process is left alone until its
sockets are closed, and the memory that it has written is read (``benchmarks.leftovers``). The first
batches fill what is filled once (pools, caches, the allocator's heap) and are not counted.
"""

import argparse
import asyncio
import dataclasses
import itertools
import json
import sys
from dataclasses import dataclass

from benchmarks.caller import Caller, calling
from benchmarks.clips import clip, to_mulaw
from benchmarks.leftovers import Held, growth, held
from benchmarks.stage import Stage, stage, tell

MOST_MB = 2.0
"""Per 100 calls."""
BATCH = 25
WARM_BATCHES = 4
"""Of what is filled once."""
SETTLE_SECONDS = 18.0
"""After a batch: libraries give a socket up to 10 s to close, and then memory is given back."""
SEATS = {"DIALOUT_SEATS_PER_TASK": "50"}
"""Whoever hung up holds a place until the last vendor has let go."""
BYTES_PER_SECOND = 8000
ANSWERED_SECONDS = 15.0
CLIP = "sarah-speaking"


@dataclass(frozen=True)
class Left:
    """What is left of a run's calls; see the module."""

    calls: int
    """Those that are counted."""
    mb_per_100_calls: float
    file_descriptors_left: int
    threads_left: int

    @property
    def good(self) -> bool:
        """Whether that is little enough."""
        left = self.file_descriptors_left + self.threads_left
        return self.mb_per_100_calls <= MOST_MB and not left


def left(calls: list[int], found: list[Held]) -> Left:
    """The figures of a run that was looked at after so many calls each time."""
    first, last = found[0], found[-1]
    return Left(
        calls=calls[-1] - calls[0],
        mb_per_100_calls=round(growth(calls, [each.own_mb for each in found]), 2),
        # Connections in pools of HTTP clients are meant to stay.
        file_descriptors_left=last.incoming + max(0, last.files - first.files),
        threads_left=max(0, last.threads - first.threads),
    )


async def talk(url: str, on: Stage) -> None:
    """One call, from its greeting to its second answer."""
    stream = on.stream(await asyncio.to_thread(on.call))
    async with calling(url, **stream) as caller:
        await caller.first_sound()
        await asyncio.sleep(1.0)
        caller.to_say.extend(to_mulaw(clip(CLIP)))
        await _answered(caller)
        await asyncio.sleep(0.5)


async def _answered(caller: Caller) -> None:
    """Wait for sound that comes after the callee's last."""
    said = len(to_mulaw(clip(CLIP))) / BYTES_PER_SECOND
    await asyncio.sleep(said + 0.1)
    since = caller.now
    caller.heard.clear()
    await caller.first_sound(ANSWERED_SECONDS)
    assert caller.sounds[-1][0] >= since


async def batch(url: str, on: Stage, calls: int, at_once: int) -> None:
    """So many calls."""
    places = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with places:
            await talk(url, on)

    async with asyncio.TaskGroup() as group:
        for _ in range(calls):
            group.create_task(one())
    await asyncio.sleep(SETTLE_SECONDS)


async def measure(calls: int, at_once: int) -> Left:
    """A run of so many calls that are counted."""
    async with stage() as on, on.media_process(settings=SEATS) as (process, url):
        port = int(url.rpartition(":")[2].removesuffix("/ws"))
        for _ in range(WARM_BATCHES):
            await batch(url, on, BATCH, at_once)
        counted, found = [0], [held(process.pid, port)]
        for number in itertools.count(1):
            tell(f"{counted[-1]:4} calls: {found[-1].own_mb:.1f} MB, {found[-1].threads} threads")
            if counted[-1] >= calls:
                return left(counted, found)
            await batch(url, on, BATCH, at_once)
            counted.append(number * BATCH)
            found.append(held(process.pid, port))
    raise AssertionError("it is counted on")


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.calls, given.at_once))
    tell(
        f"{figures.mb_per_100_calls:.2f} MB per 100 calls, {figures.file_descriptors_left} "
        f"descriptors and {figures.threads_left} threads left of {figures.calls} calls"
    )
    if given.json:
        tell(json.dumps(dataclasses.asdict(figures)))
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
