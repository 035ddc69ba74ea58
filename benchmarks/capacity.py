"""How many calls one core carries, and what each costs: Dialout and the stock bot, in turns.

``python -m benchmarks.capacity [--calls 1,4,8,12,16,20,24] [--seconds 30] [--runs 1]
[--bot dialout|stock|both] [--also-stock 2,3] [--noise-filter] [--json]``; exits 1 where Dialout
does not carry BOUND calls. Each crowd is met by a process of its own, which has core 0 to itself;
callers, vendors and cloud have another. A run in which somebody else used that core too, or in
which the callers themselves came late, is thrown away and made again.
"""

import argparse
import asyncio
import itertools
import json
import os
import resource
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any, Literal

from benchmarks.caller import calling
from benchmarks.load import Core, Ticks, since
from benchmarks.stage import Stage, compiled, pinned, stage, tell
from benchmarks.talker import Heard, Talker
from calls.greeting import Greeting

BOT_CORE = 0
BOUND = {False: 20, True: 12}
"""Calls that one core is to carry, without and with the noise filter."""
GAPS = 0.01
"""The part of its voice that a bot may leave silent for want of sound, and still carry a crowd."""
SLOWER = 2.0
"""So much longer than in a single call a crowd's answers may take (p95)."""
OTHERS = 0.08
"""The part of the bot's core that others may use meanwhile."""
LATE_MS = 400
"""Callers that come later than this measure themselves."""
TRIES = 3
SAYS = "I am glad to hear that. Is there anything else that I can do for you today?"
"""Five seconds, by the vendors' pace of speech."""
APART_SECONDS = 0.37
"""Between one call's beginning and the next's."""
SETTLED_SECONDS = 3.0
"""From the last call's beginning, until all of them are measured."""
SPARE = 2
"""Seats: whoever has just hung up holds one until the last vendor has let go."""
_TICK = os.sysconf("SC_CLK_TCK")

Which = Literal["dialout", "stock"]


@dataclass(frozen=True)
class Crowd:
    """So many calls at once, and how they went; of several runs, the medians."""

    bot: Which
    noise_filter: bool
    calls: int
    cpu: float
    """Seconds of processor for each second of a call."""
    gaps: float
    """The part of the bot's voice that was silent for want of sound."""
    turn_p50_ms: float
    turn_p95_ms: float
    turns: int
    unanswered: int
    start_s: float
    """From the process's start to its serving."""
    first_call_mb: float
    """Memory that the first call of the process took."""
    further_call_mb: float
    """And each of this crowd on top of it; 0 for a crowd of one."""
    disturbed: float
    """The part of the bot's core that others used meanwhile."""
    late_ms: float
    """The callers' own worst lateness."""

    @property
    def trusted(self) -> bool:
        """Whether nobody else had a hand in it."""
        return self.disturbed <= OTHERS and self.late_ms <= LATE_MS


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in all its threads."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / _TICK


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

    def __init__(self, on: Stage, which: Which, pid: int, url: str) -> None:
        self._on = on
        self._which: Which = which
        self.pid = pid
        self._url = url
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

    async def meet(self, calls: int, seconds: float) -> dict[str, Any]:
        """So many conversations, over so many seconds in which all of them go on."""
        streams = [await self._stream() for _ in range(calls)]
        loop = asyncio.get_running_loop()
        ends = loop.time() + APART_SECONDS * calls + SETTLED_SECONDS + seconds
        async with AsyncExitStack() as stack:
            talking: list[asyncio.Task[Heard]] = []
            for number, stream in enumerate(streams):
                caller = await stack.enter_async_context(calling(self._url, **stream))
                talk = Talker(caller, number).talk(ends - loop.time())
                talking.append(asyncio.create_task(talk))
                await asyncio.sleep(APART_SECONDS)
            await asyncio.sleep(SETTLED_SECONDS)
            core, used, began = Core.now(BOT_CORE), cpu_seconds(self.pid), loop.time()
            await asyncio.sleep(max(0.0, ends - loop.time()))
            used, lasted = cpu_seconds(self.pid) - used, loop.time() - began
            others = Core.now(BOT_CORE).busy_since(core) - used / lasted
            mb = resident_mb(self.pid)
            heard = await asyncio.gather(*talking)
        return {"cpu": used / lasted / calls, "disturbed": max(0.0, others), "mb": mb,
                **_told(heard)}  # fmt: skip


def _told(heard: list[Heard]) -> dict[str, Any]:
    waits = sorted(wait * 1000 for each in heard for wait in each.waits)
    speech = sum(each.speech for each in heard)
    return {
        "gaps": sum(each.gaps for each in heard) / max(speech, 1e-9),
        "turn_p50_ms": median(waits) if waits else 0.0,
        "turn_p95_ms": waits[int(len(waits) * 0.95)] if waits else 0.0,
        "turns": len(waits),
        "unanswered": sum(each.unanswered for each in heard),
        "late_ms": max(each.late for each in heard) * 1000,
    }


async def crowd(
    on: Stage, which: Which, calls: int, seconds: float, *, noise_filter: bool
) -> Crowd:
    """A process that is started, has a first call, and then so many at once."""
    began = time.monotonic()
    started = (
        on.media_process(
            core=BOT_CORE, noise_filter=noise_filter,
            settings={"DIALOUT_SEATS_PER_TASK": str(calls + SPARE)},
        )
        if which == "dialout"
        else on.stock_bot_process(core=BOT_CORE)
    )  # fmt: skip
    async with started as (process, url):
        start = time.monotonic() - began
        bot = Bot(on, which, process.pid, url)
        before = resident_mb(process.pid)
        first = await bot.meet(1, 5)
        found = await bot.meet(calls, seconds)
    further = (found.pop("mb") - first["mb"]) / (calls - 1) if calls > 1 else 0.0
    return Crowd(
        bot=which, noise_filter=noise_filter, calls=calls, start_s=start,
        first_call_mb=first["mb"] - before, further_call_mb=further,
        **{name: value for name, value in found.items() if name != "mb"},
    )  # fmt: skip


def medians(runs: list[Crowd]) -> Crowd:
    """Of each figure; ``turns`` and ``unanswered`` are all of them."""
    first = runs[0]
    summed: dict[str, Any] = {
        name: sum(getattr(run, name) for run in runs) for name in ("turns", "unanswered")
    }
    for each in fields(Crowd):
        value = getattr(first, each.name)
        if each.name not in summed:
            measured = isinstance(value, float)
            summed[each.name] = (
                round(median(getattr(run, each.name) for run in runs), 4) if measured else value
            )
    return Crowd(**summed)


async def measure(
    sizes: dict[Which, list[int]], seconds: float, runs: int, *, noise_filter: bool
) -> tuple[list[Crowd], int]:
    """The crowds, in turns; and how many runs were thrown away.

    A bot that has not carried a crowd, in any run, is not asked for a larger one.
    """
    found: dict[tuple[int, Which], list[Crowd]] = {}
    thrown = 0
    with pinned((os.cpu_count() or 2) - 1):
        async with stage(SAYS) as on:
            for run, size in itertools.product(range(runs), sorted(set().union(*sizes.values()))):
                for which in sizes:
                    if size not in sizes[which] or (run and (size, which) not in found):
                        continue
                    mine = [medians(each) for (_, w), each in found.items() if w == which]
                    if not run and mine and carried(mine, which) < max(each.calls for each in mine):
                        continue
                    for attempt in range(TRIES):
                        met = await crowd(on, which, size, seconds, noise_filter=noise_filter)
                        if met.trusted or attempt == TRIES - 1:
                            break
                        thrown += 1
                    found.setdefault((size, which), []).append(met)
                    tell(line(met))
    return [medians(each) for each in found.values()], thrown


def carried(crowds: list[Crowd], which: Which) -> int:
    """The largest crowd that a bot carried, with all smaller ones."""
    mine = sorted((each for each in crowds if each.bot == which), key=lambda each: each.calls)
    most = 0
    for each in mine:
        slow = each.turn_p95_ms > SLOWER * mine[0].turn_p95_ms
        if each.gaps > GAPS or slow or each.unanswered:
            break
        most = each.calls
    return most


def line(crowd: Crowd) -> str:
    """It in a row."""
    return (
        f"{crowd.bot:8}{crowd.calls:3} calls  {crowd.cpu:.4f} CPU-s a call-s  "
        f"gaps {100 * crowd.gaps:5.2f} %  turn p50 {crowd.turn_p50_ms:5.0f} "
        f"p95 {crowd.turn_p95_ms:5.0f} ms of {crowd.turns:3}  unanswered {crowd.unanswered}  "
        f"start {crowd.start_s:.1f} s  first {crowd.first_call_mb:.0f}, "
        f"each further {crowd.further_call_mb:.1f} MB"
        f"{'' if crowd.trusted else '  DISTURBED'}"
    )


def main() -> int:
    """Print a row a crowd, and what each bot carries."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity")
    parser.add_argument("--calls", default="1,4,8,12,16,20,24")
    parser.add_argument("--also-stock", default="", help="crowds for the stock bot alone")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--bot", choices=["dialout", "stock", "both"], default="both")
    parser.add_argument("--noise-filter", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.noise_filter and given.bot != "dialout":
        parser.error(
            "with --noise-filter, --bot dialout: Pipecat's own filter needs PyAV beside RNNoise, "
            "which is not installed, and without it passes the sound through unfiltered"
        )
    tell(f"bytecode compiled: {'yes' if compiled() else 'no'}")
    before = Ticks.now()
    asked = [int(size) for size in given.calls.split(",")]
    bots: list[Which] = ["stock", "dialout"] if given.bot == "both" else [given.bot]
    sizes = {which: list(asked) for which in bots}
    if "stock" in sizes and given.also_stock:
        sizes["stock"] += [int(size) for size in given.also_stock.split(",")]
    crowds, thrown = asyncio.run(
        measure(sizes, given.seconds, given.runs, noise_filter=given.noise_filter)
    )
    machine = since(before)
    carries = {which: carried(crowds, which) for which in bots}
    for which, most in carries.items():
        tell(f"{which} carries {most} calls on one core, of up to {max(asked)}")
    tell(f"{machine}; {thrown} runs were disturbed, and made again")
    if given.json:
        rows = [asdict(each) for each in crowds]
        tell(json.dumps({"machine": machine, "thrown": thrown, "carries": carries, "crowds": rows}))
    bound = min(BOUND[given.noise_filter], max(asked))
    return int("dialout" in carries and carries["dialout"] < bound)


if __name__ == "__main__":
    sys.exit(main())
