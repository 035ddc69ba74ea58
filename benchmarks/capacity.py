"""How many calls one core carries, and what a call costs.

``python -m benchmarks.capacity [--calls 1,4,8] [--seconds 30] [--bot dialout] [--noise-filter]``.
The bot has core 0 to itself; callers, vendors and cloud have the other one.
"""

import argparse
import asyncio
import itertools
import json
import os
import resource
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from benchmarks.caller import calling
from benchmarks.load import Ticks, since
from benchmarks.stage import Stage, compiled, pinned, stage, tell
from benchmarks.talker import Heard, Talker
from calls.greeting import Greeting

BOT_CORE = 0
SAYS = "I am glad to hear that. Is there anything else that I can do for you today?"
"""Five seconds, by the vendors' pace of speech."""
APART_SECONDS = 0.37
"""Between one call's beginning and the next's."""
_TICK = os.sysconf("SC_CLK_TCK")

Which = Literal["dialout", "stock"]


@dataclass(frozen=True)
class Crowd:
    """So many calls at once, and how they went."""

    bot: Which
    noise_filter: bool
    calls: int
    cpu: float
    """Seconds of processor for each second of a call."""
    gaps: float
    """Of the bot's voice, the part that was silence for want of sound."""
    turn_p50_ms: float
    turn_p95_ms: float
    turns: int
    unanswered: int
    mb: float
    """Resident, at the end."""
    late_ms: float
    """The callers' own worst lateness: over 100 ms, the measurement itself was short of time."""


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_mb(pid: int) -> float:
    """Its memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Bot:
    """A process that talks.

    Args:
        on: the stage.
        which: whose.
        pid: of the process.
        url: of its socket.
    """

    _numbers = itertools.count(1)

    def __init__(self, on: Stage, which: Which, pid: int, url: str, *, noise_filter: bool) -> None:
        self._on = on
        self._which: Which = which
        self._pid = pid
        self._url = url
        self._noise_filter = noise_filter
        self._greeting: Greeting | None = None

    async def _stream(self) -> dict[str, Any]:
        if self._which == "stock":
            return {"call_sid": f"CA{next(self._numbers):032}", "parameters": {}}
        call = await asyncio.to_thread(self._on.call)
        if self._greeting is None:
            self._greeting = await self._on.prepared(call)
        else:
            await asyncio.to_thread(self._on.greetings.put, call.call_id, self._greeting)
        return self._on.stream(call)

    async def crowd(self, calls: int, seconds: float) -> Crowd:
        """So many conversations, over so many seconds in which all of them go on."""
        streams = [await self._stream() for _ in range(calls)]
        whole = APART_SECONDS * calls + 3 + seconds
        async with AsyncExitStack() as stack:
            talking: list[asyncio.Task[Heard]] = []
            loop = asyncio.get_running_loop()
            ends = loop.time() + whole
            for number, stream in enumerate(streams):
                caller = await stack.enter_async_context(calling(self._url, **stream))
                talk = Talker(caller, number).talk(ends - loop.time())
                talking.append(asyncio.create_task(talk))
                await asyncio.sleep(APART_SECONDS)
            await asyncio.sleep(3)
            before, began = cpu_seconds(self._pid), loop.time()
            await asyncio.sleep(ends - loop.time())
            used, lasted = cpu_seconds(self._pid) - before, loop.time() - began
            mb = resident_mb(self._pid)
            heard = await asyncio.gather(*talking)
        await asyncio.sleep(1)
        waits = sorted(wait * 1000 for each in heard for wait in each.waits)
        speech = sum(each.speech for each in heard)
        return Crowd(
            bot=self._which,
            noise_filter=self._noise_filter,
            calls=calls,
            cpu=round(used / lasted / calls, 4),
            gaps=round(sum(each.gaps for each in heard) / max(speech, 1e-9), 5),
            turn_p50_ms=round(median(waits)) if waits else 0,
            turn_p95_ms=round(waits[int(len(waits) * 0.95)]) if waits else 0,
            turns=len(waits),
            unanswered=sum(each.unanswered for each in heard),
            mb=round(mb, 1),
            late_ms=round(max(each.late for each in heard) * 1000),
        )


async def measure(
    which: Which, sizes: list[int], seconds: float, *, noise_filter: bool
) -> list[Crowd]:
    """One process, with more and more calls at once."""
    found = []
    others = (os.cpu_count() or 2) - 1
    with pinned(others):
        async with stage(SAYS) as on:
            started = (
                on.media_process(
                    core=BOT_CORE,
                    noise_filter=noise_filter,
                    settings={"DIALOUT_SEATS_PER_TASK": str(max(sizes))},
                )
                if which == "dialout"
                else on.stock_bot_process(core=BOT_CORE, noise_filter=noise_filter)
            )
            async with started as (process, url):
                bot = Bot(on, which, process.pid, url, noise_filter=noise_filter)
                await bot.crowd(1, 5)
                for calls in sizes:
                    found.append(await bot.crowd(calls, seconds))
                    tell(line(found[-1]))
    return found


def line(crowd: Crowd) -> str:
    """It in a row."""
    return (
        f"{crowd.bot:8} {crowd.calls:3} calls   {crowd.cpu:.4f} CPU-s a call-s   "
        f"gaps {100 * crowd.gaps:5.2f} %   turn p50 {crowd.turn_p50_ms:5.0f} "
        f"p95 {crowd.turn_p95_ms:5.0f} ms of {crowd.turns:3}   unanswered {crowd.unanswered}   "
        f"{crowd.mb:.0f} MB   callers late {crowd.late_ms:.0f} ms"
    )


def main() -> int:
    """Print a row a crowd."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity")
    parser.add_argument("--calls", default="1,4,8,12,16,24")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--bot", choices=["dialout", "stock"], default="dialout")
    parser.add_argument("--noise-filter", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    tell(f"bytecode compiled: {'yes' if compiled() else 'no'}")
    before = Ticks.now()
    sizes = [int(size) for size in given.calls.split(",")]
    found = asyncio.run(measure(given.bot, sizes, given.seconds, noise_filter=given.noise_filter))
    machine = since(before)
    tell(machine)
    if given.json:
        tell(json.dumps({"machine": machine, "crowds": [asdict(each) for each in found]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
