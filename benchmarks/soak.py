"""Calls through a storm, round after round, each call judged and every round's end measured."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.leftovers import Held, Ledger, held, ledger
from benchmarks.soaked_call import SoakedCall, Verdict
from benchmarks.strike import Striker
from rehearsal import admin, scenario
from rehearsal.cloud.client import client
from rehearsal.world import World

SCENARIOS = (
    "order-missing", "order-check", "reminder-confirmed", "reminder-moved", "reminder-cancelled",
    "reminder-objection", "survey-answered", "wake-up", "silent-callee", "busy", "no-answer",
)  # fmt: skip
"""None that lists its number: it could be called only once. None that is called again."""
LONGEST_SECONDS = 240.0
"""A call that goes on for longer is lost."""
SETTLE_SECONDS = 18.0
"""After a round's last call: libraries give a socket up to 10 s to close, and then memory is given
back."""
_LOOK_SECONDS = 3.0
_REFUSED_SECONDS = 90.0
"""So long a call that finds no free seat is asked for again."""


@dataclass(frozen=True)
class Quiet:
    """What is held when no call is going on."""

    calls: int
    """Streams that the surviving task has had so far."""
    survivor: Held
    streams_left: int
    """Connections to the port of any running task."""
    vendors_left: int
    """Connections of any running task to the speech vendor."""
    live_left: int
    """Calls that running tasks say they have."""
    ledger: Ledger


@dataclass
class Soak:
    """Places the calls of a run, and keeps what became of them.

    Args:
        struck: who strikes meanwhile.
        at_once: calls that may be up at a time.
    """

    up: World
    struck: Striker
    say: Callable[[str], None]
    seed: int
    at_once: int
    begun: list[str] = field(default_factory=list)
    judged: list[tuple[SoakedCall, Verdict, list[str]]] = field(default_factory=list)
    quiet: list[Quiet] = field(default_factory=list)
    _placed: dict[str, str] = field(default_factory=dict)
    """The scenario of each call that is not judged yet."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 -- which scenario, no secret
        self._seats = asyncio.Semaphore(self.at_once)
        bearer = {"Authorization": f"Bearer {self.up.plan.api_key}"}
        self._api = httpx.AsyncClient(
            base_url=self.up.plan.origin, headers=bearer, timeout=30, trust_env=False
        )
        self._network = httpx.AsyncClient(base_url=self.up.twilio_url, timeout=30, trust_env=False)

    async def close(self) -> None:
        """Nothing more is asked."""
        await self._api.aclose()
        await self._network.aclose()

    async def round(self, calls: int, seconds: float) -> None:
        """So many calls begun within so many seconds; returns when all are over."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for each in range(calls):
                await asyncio.sleep(max(0.0, began + each * seconds / calls - time.monotonic()))
                await self._seats.acquire()
                group.create_task(self._call(self._chance.choice(SCENARIOS)))

    async def measure(self, deepgram_port: int) -> Quiet:
        """What is left, now that no call is going on."""
        await asyncio.sleep(SETTLE_SECONDS)
        tasks = {task.name: _held(task) for task in self.struck.running}
        found = Quiet(
            calls=await asyncio.to_thread(self._served),
            survivor=tasks[self.struck.survivor.name],
            streams_left=sum(each.incoming for each in tasks.values()),
            vendors_left=sum(each.outgoing[deepgram_port] for each in tasks.values()),
            live_left=0,
            ledger=await asyncio.to_thread(self._ledger),
        )
        found = Quiet(**{**vars(found), "live_left": sum(found.ledger.live.values())})
        self.quiet.append(found)
        return found

    async def orphans(self) -> set[str]:
        """Calls of the phone network that no record knows."""
        answer = await self._network.get("/_rehearsal/calls")
        known = {call.record["call_sid"] for call, _, _ in self.judged}
        return {call["sid"] for call in answer.json()} - known

    def _served(self) -> int:
        log = self.up.plan.logs / f"{self.struck.survivor.name}.log"
        return log.read_text(errors="replace").count('"a session ends"')

    def _ledger(self) -> Ledger:
        dynamodb = client("dynamodb", self.up.deployment.endpoint)
        return ledger(dynamodb, self.up.deployment.table, time.time())

    async def _call(self, name: str) -> None:
        try:
            call_id = await self._place(name)
            if call_id is not None:
                self.begun.append(call_id)
                self._placed[call_id] = name
                await self._follow(call_id)
        finally:
            self._seats.release()

    async def _place(self, name: str) -> str | None:
        # Half of the calls are of a network that reports a broken stream, and waits for orders.
        then = self._chance.choice(["follow", "hold"])
        order: dict[str, Any] = {"name": "redirect_on_broken", "then": then}
        give_up = time.monotonic() + _REFUSED_SECONDS
        while time.monotonic() < give_up:
            await admin.order({"twilio": [order]}, self.up.stand_ins)
            answer = await self._api.post("/dialout", json=scenario.load(name).request)
            if answer.status_code == 201 or "call_id" in answer.text:
                return str(answer.json()["call_id"])
            self.say(f"not begun: {answer.status_code} {answer.json().get('code')}")
            await asyncio.sleep(float(answer.headers.get("retry-after", 2)))
        return None

    async def _follow(self, call_id: str) -> None:
        give_up = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < give_up:
            if (await self._record(call_id)).get("status") == "ended":
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _told(self, call_id: str) -> dict[str, Any]:
        for _ in range(10):
            if record := await self._record(call_id):
                return record
            await asyncio.sleep(_LOOK_SECONDS)
        raise ConnectionError(f"the API does not tell of call {call_id}")

    async def _record(self, call_id: str) -> dict[str, Any]:
        try:
            answer = await self._api.get(f"/calls/{call_id}")
        except httpx.TransportError:
            return {}  # asked again
        record: dict[str, Any] = answer.json() if answer.is_success else {}
        return record

    async def judge(self) -> None:
        """Of all calls that are over, as they are told now: nothing may be added after its end."""
        for call_id, name in self._placed.items():
            record = await self._told(call_id)
            path = f"/_rehearsal/calls/{record['call_sid']}/events"
            answer = await self._network.get(path)
            events = answer.json() if answer.is_success else []
            call = SoakedCall(record, events, scenario.load(name).goal.end_reason)
            verdict, wrong = call.judge(self.struck.outages)
            self.judged.append((call, verdict, wrong))
            if call.gaps:
                gaps = ", ".join(f"{gap.seconds:.1f}" for gap in call.gaps)
                self.say(f"on {call.legs} legs: {call_id} ({name}), after {gaps} s")
            if verdict != "right":
                self.say(f"{verdict}: {call_id} ({name}, {call.legs} legs): {'; '.join(wrong)}")
        self._placed.clear()


def _held(task: Any) -> Held:
    return held(task.process.pid, int(task.url.rpartition(":")[2]))
