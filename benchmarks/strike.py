"""Carries out a storm on a rehearsed world, and counts."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, cast

from benchmarks.proxy import Proxy, Weather
from benchmarks.soaked_call import Outage
from benchmarks.storm import Blow
from rehearsal import admin
from rehearsal.misfortune import Part
from rehearsal.tasks import Task
from rehearsal.world import World

DRAINED_SECONDS = 120.0
"""ECS kills a task that has not exited by then."""
RECOVERY_SECONDS = 5.0
"""An outage excuses so long after its end too: who was hit by it apologizes meanwhile."""

AT_ONCE_SECONDS = 0.2
"""A broken connection is made anew after 0.25 s at the earliest, if the first attempt fails."""


class Striker:
    """Strikes the tasks but the first, which is to live through it all.

    Attributes:
        struck: how often each kind did strike; what found nothing to strike is not counted.
        outages: of vendors, by our order.
        undrained: the tasks that were to stop, and did not exit with 0 in time.
    """

    def __init__(
        self, up: World, streams: Proxy, webhooks: Proxy, seed: int, say: Callable[[str], None]
    ) -> None:
        self._up = up
        self._streams = streams
        self._webhooks = webhooks
        self._chance = random.Random(seed)  # noqa: S311 -- a storm, no secret
        self._say = say
        self._mortal: list[Task] = list(up.media.started[1:])
        self._vendors: dict[str, asyncio.Lock] = {}
        self._draining: list[asyncio.Task[None]] = []
        self.struck: Counter[str] = Counter()
        self.outages: list[Outage] = []
        self.undrained: list[str] = []

    @property
    def survivor(self) -> Task:
        """The task that is never struck: its memory can be compared."""
        return self._up.media.started[0]

    @property
    def running(self) -> list[Task]:
        """The tasks that should take streams."""
        return [self.survivor, *self._mortal]

    async def run(self, blows: Iterable[Blow]) -> None:
        """Strike each in its time, from now on; returns when all is well again."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for blow in blows:
                await asyncio.sleep(max(0.0, began + blow.at - time.monotonic()))
                group.create_task(self._strike(blow))
        self._fair()

    async def drained(self) -> None:
        """Wait until every task that was to stop has, or should have."""
        await asyncio.gather(*self._draining)

    async def _strike(self, blow: Blow) -> None:
        detail = dict(blow.detail)
        match blow.kind:
            case "kill":
                await self._kill()
            case "drain":
                await self._drain()
            case "vendor_cut" | "vendor_outage":
                await self._vendor(blow.kind, **detail)
            case "network_cut" | "stall":
                self._stream(blow.kind, **detail)
            case "weather":
                self._streams.weather = self._webhooks.weather = Weather(**detail)
                self._note("weather", f"{detail['delay']} s, up to {detail['jitter']} s more")

    async def _kill(self) -> None:
        if not self._mortal:
            return
        task = self._mortal.pop(self._chance.randrange(len(self._mortal)))
        self._up.media.kill(task)
        self._note("kill", task.name)
        self._up.media.deregister(task)
        self._mortal.append(await self._up.media.start())

    async def _drain(self) -> None:
        if not self._mortal:
            return
        # As a rolling deployment: the new task first.
        task = self._mortal.pop(self._chance.randrange(len(self._mortal)))
        self._mortal.append(await self._up.media.start())
        self._up.media.drain(task)
        self._note("drain", task.name)
        self._draining.append(asyncio.create_task(self._exits(task)))

    async def _exits(self, task: Task) -> None:
        began = time.monotonic()
        try:
            code = await asyncio.wait_for(task.process.wait(), DRAINED_SECONDS)
        except TimeoutError:
            code = None
        seconds = time.monotonic() - began
        self._say(f"{task.name} drained in {seconds:.1f} s, exit code {code}")
        if code != 0:
            self.undrained.append(task.name)

    async def _vendor(self, kind: str, vendor: str, fault: dict[str, Any], seconds: float) -> None:
        part = cast("Part", vendor)
        async with self._vendors.setdefault(vendor, asyncio.Lock()):
            began = time.time()
            await admin.order({part: [fault]}, self._up.stand_ins)
            await asyncio.sleep(seconds)
            await admin.cancel({part: self._up.stand_ins[part]})
            took = time.time() - began
            self._note(kind, f"{vendor} {fault} for {took:.2f} s")
            # Where the machine is busy a cut lasts: what is connected anew meanwhile is cut again.
            if kind == "vendor_outage" or took > AT_ONCE_SECONDS:
                self.outages.append(Outage(began, began + took + RECOVERY_SECONDS))

    def _stream(self, kind: str, which: float, seconds: float, how: str = "stall") -> None:
        if not self._streams.links:
            return
        link = self._streams.links[int(which * len(self._streams.links))]
        if how == "cut":
            link.cut()
        elif how == "half_open":
            link.half_open(seconds)
        else:
            link.stall(seconds)
        self._note(kind, how if how == "cut" else f"{how} for {seconds:.1f} s")

    def _fair(self) -> None:
        self._streams.weather = self._webhooks.weather = Weather()

    def _note(self, kind: str, what: str) -> None:
        self.struck[kind] += 1
        self._say(f"{kind.replace('_', ' ')}: {what}")
