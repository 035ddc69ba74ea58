"""Half an hour of calls while tasks are killed, vendors cut and the network is bad: what is lost.

``python -m benchmarks.chaos [--minutes 30] [--calls 200] [--seed N] [--tasks 2] [--at-once 5]
[--json]``; with ``--json`` the last line is one JSON object. Exits 1 if a call is lost, a seat is
leaked, something is left, or memory grows beyond its limit.

A whole rehearsed world with several media tasks; between the emulated Twilio and the service a
proxy (``benchmarks.proxy``), through which webhooks and streams go. A storm (``benchmarks.storm``),
the same for the same seed, kills a task with -9 and starts another; starts another and stops one
with SIGTERM; breaks vendors' connections, or takes a vendor away for 6 to 10 s; tears, half-opens
and holds up streams; delays everything. Half of the calls are of a network that follows the
``<Redirect>`` of a broken stream, half of one that only reports it. The run is divided into rounds;
after each, all calls are over, and what is left is measured.

The figures:

``begun``
    Calls that ``POST /dialout`` took. One for which there was no free seat is asked for again.
``ended_right``
    Of these: the record ended exactly once, as its scenario does or (of a conversation) as
    conversations end: either side hung up, nobody spoke, an opt-out, a transfer. The phone network
    ended it too. Nobody was greeted twice. From the answer to the end, there were never more than
    15 s without a sound of either side.
``excused``
    Not right, and only for this: ``failed``, with an outage of a vendor, ordered by us and longer
    than any reconnect, while it lasted. A broken connection, to a vendor that is there again within
    0.2 s, excuses nothing, and neither does any misfortune of tasks or network.
``lost``
    All others, and every call of the phone network that no record knows.
``resumed``
    Calls, whatever became of them, that more than one stream carried.
``handover_gap_p95_ms``
    From the end of a stream that a task closed, to hand the call over, to the next one's beginning.
``broken_gap_p95_ms``
    The same after a stream that broke, by a kill or by the network. Half of these callees wait for
    our order after Twilio's report, which we give it a second to be wrong about.
``leases_leaked``
    When all calls are over: seats that the ledger still has as taken, by its leases or by its
    count, whichever is higher; the highest of all rounds.
``mb_per_100_calls``
    Growth of the memory that was written by the task which lives through it all (no kill or drain
    strikes it), measured while no call is going on: the median of the slopes between the ends of
    any two rounds but the first, in which is filled what is filled once (pools, caches, the heap).
    null where there were fewer than 50 calls between them: it would tell nothing. It is right to
    some 1 MB; ``benchmarks.memory`` tells more, of calls that nothing befalls.
``file_descriptors_left``
    After the last round, of all running tasks: connections to their port, connections to the
    speech vendor; and by how many the survivor's other files are more than after the first round.
    Connections in the pools of HTTP clients are meant to stay, and are shown, not counted.
``tasks_left``
    Likewise: calls that tasks still count as live in their heartbeat, and by how many the
    survivor's threads are more than after the first round. (asyncio's tasks cannot be seen from
    outside: ``tests/integration/media/test_leftovers.py`` looks at them.)
``kills``, ``drains``, ``vendor_cuts``, ``vendor_outages``, ``network_cuts``, ``stalls``
    What did strike.
``undrained``
    Tasks that did not exit with 0 within 120 s of their SIGTERM.
``busy_core``
    How many of the machine's cores were busy, on average, with everything that ran on it. Where it
    is all of them, the stand-ins for the vendors starve, and the other figures tell little.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks.leftovers import growth
from benchmarks.load import Ticks
from benchmarks.proxy import Proxy
from benchmarks.soak import Quiet, Soak
from benchmarks.stage import tell
from benchmarks.storm import storm
from benchmarks.strike import Striker
from rehearsal.plan import plan
from rehearsal.world import free_port, world

MOST_MB = 2.0
ENOUGH_CALLS = 50
CALLS_A_ROUND = 16


@dataclass(frozen=True)
class Figures:
    """What a run is measured by; see the module."""

    begun: int
    ended_right: int
    excused: int
    resumed: int
    lost: int
    leases_leaked: int
    mb_per_100_calls: float | None
    file_descriptors_left: int
    tasks_left: int
    handover_gap_p95_ms: int | None
    broken_gap_p95_ms: int | None
    kills: int
    drains: int
    undrained: int
    vendor_cuts: int
    vendor_outages: int
    network_cuts: int
    stalls: int
    busy_core: float

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        left = self.file_descriptors_left + self.tasks_left + self.undrained
        grown = self.mb_per_100_calls is not None and self.mb_per_100_calls > MOST_MB
        return not (self.lost or self.leases_leaked or left or grown)


@dataclass(frozen=True)
class Asked:
    """A run."""

    minutes: float
    calls: int
    seed: int
    tasks: int
    at_once: int

    @property
    def rounds(self) -> int:
        """More rounds, more measurements; but a round is to be full of calls."""
        return max(1, min(12, self.calls // CALLS_A_ROUND))


async def run(asked: Asked) -> Figures:
    """One run, from nothing to nothing."""
    planned = plan({}, free_port())
    gateway = "127.0.0.1", planned.port
    streams = await Proxy(lambda: gateway, seed=asked.seed).start()
    webhooks = await Proxy(lambda: gateway, seed=asked.seed + 1).start()
    planned = dataclasses.replace(
        planned,
        public_api_url=f"http://127.0.0.1:{webhooks.port}",
        public_ws_url=f"ws://127.0.0.1:{streams.port}/ws",
    )
    try:
        async with world(planned, "order-check", tell, tasks=asked.tasks) as up:
            before = Ticks.now()
            striker = Striker(up, streams, webhooks, asked.seed, tell)
            soak = Soak(up, striker, tell, asked.seed, asked.at_once)
            try:
                await _rounds(asked, soak, striker, urlsplit(up.stand_ins["deepgram"]).port or 0)
                orphans = await soak.orphans()
            finally:
                await soak.close()
            return _figures(soak, striker, len(orphans), _busy_cores(before))
    finally:
        await streams.close()
        await webhooks.close()


async def _rounds(asked: Asked, soak: Soak, striker: Striker, deepgram_port: int) -> None:
    seconds = 60 * asked.minutes / asked.rounds
    for number in range(asked.rounds):
        calls = asked.calls * (number + 1) // asked.rounds - asked.calls * number // asked.rounds
        tell(f"round {number + 1} of {asked.rounds}: {calls} calls in {seconds:.0f} s")
        await asyncio.gather(
            soak.round(calls, seconds), striker.run(storm(asked.seed + number, seconds))
        )
        await soak.judge()
        if number == asked.rounds - 1:
            await striker.drained()
        quiet = await soak.measure(deepgram_port)
        tell(
            f"quiet: {quiet.calls} streams on the survivor, {quiet.survivor.own_mb:.1f} MB, "
            f"{quiet.survivor.descriptors} descriptors ({quiet.survivor.outgoing.total()} in "
            f"pools), {quiet.survivor.threads} threads; leases {len(quiet.ledger.leases)}"
        )


def _figures(soak: Soak, striker: Striker, orphans: int, busy: float) -> Figures:
    verdicts = [verdict for _, verdict, _ in soak.judged]
    gaps = [gap for call, _, _ in soak.judged for gap in call.gaps]
    first, last = soak.quiet[0], soak.quiet[-1]
    struck = striker.struck
    return Figures(
        begun=len(soak.begun),
        ended_right=verdicts.count("right"),
        excused=verdicts.count("excused"),
        resumed=sum(call.resumed for call, _, _ in soak.judged),
        lost=verdicts.count("lost") + orphans,
        leases_leaked=max(quiet.ledger.leaked for quiet in soak.quiet),
        mb_per_100_calls=_memory(soak.quiet),
        file_descriptors_left=last.streams_left
        + last.vendors_left
        + max(0, last.survivor.files - first.survivor.files),
        tasks_left=last.live_left + max(0, last.survivor.threads - first.survivor.threads),
        handover_gap_p95_ms=_p95_ms(gap.seconds for gap in gaps if gap.handed_over),
        broken_gap_p95_ms=_p95_ms(gap.seconds for gap in gaps if not gap.handed_over),
        kills=struck["kill"],
        drains=struck["drain"],
        undrained=len(striker.undrained),
        vendor_cuts=struck["vendor_cut"],
        vendor_outages=struck["vendor_outage"],
        network_cuts=struck["network_cut"],
        stalls=struck["stall"],
        busy_core=round(busy, 2),
    )


def _p95_ms(seconds: Iterable[float]) -> int | None:
    several = sorted(seconds)
    if not several:
        return None
    # Of few, the longest; statistics.quantiles would tell one that nobody waited.
    return round(1000 * several[min(len(several) - 1, int(0.95 * len(several)))])


def _memory(quiet: list[Quiet]) -> float | None:
    filled = quiet[1:]
    calls = [each.calls for each in filled]
    if not calls or calls[-1] - calls[0] < ENOUGH_CALLS:
        return None
    return round(growth(calls, [each.survivor.own_mb for each in filled]), 2)


def _busy_cores(before: Ticks) -> float:
    after = Ticks.now()
    return (os.cpu_count() or 1) * (after.busy - before.busy) / max(1, after.all - before.all)


def show(figures: Figures, console: Console) -> None:
    """The table."""
    table = Table(title="Chaos")
    table.add_column("figure")
    table.add_column("", justify="right")
    for name, value in dataclasses.asdict(figures).items():
        table.add_row(name, "not measured" if value is None else str(value))
    console.print(table)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos")
    parser.add_argument("--minutes", type=float, default=30.0, help="of placing calls")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tasks", type=int, default=2, help="media tasks, two or more")
    parser.add_argument("--at-once", type=int, default=5, help="calls that may be up at a time")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    given = parser.parse_args()
    if given.tasks < 2 or given.calls < 1 or given.at_once < 1 or given.minutes <= 0:
        parser.error("it takes two tasks, a call and some time")
    asked = Asked(given.minutes, given.calls, given.seed, given.tasks, given.at_once)
    figures = asyncio.run(run(asked))
    show(figures, Console())
    if given.json:
        tell(json.dumps(dataclasses.asdict(figures)))
    sys.exit(0 if figures.good else 1)


if __name__ == "__main__":
    main()
