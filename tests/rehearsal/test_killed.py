"""The task is killed while the agent greets, looks something up, puts somebody through, or leaves.

Two calls at once: one that Twilio takes to its next leg by itself, and one that it holds until it
is told to. Both are struck by the same kills.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rehearsal import admin
from rehearsal.plan import plan
from rehearsal.scenario import load
from rehearsal.tasks import Service, Task
from rehearsal.world import World, free_port, world
from tests.rehearsal.handed_over import Watched, count, outages, place, seats, speaking
from tests.rehearsal.killed_function import kill_function
from tests.rehearsal.recording import listen
from tests.rehearsal.shop.desk import Desk, open_desk

pytestmark = [
    pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240),
]  # fmt: skip
SCENARIOS = Path(__file__).parent / "shop/scenarios"
PATIENCE = 60.0
Events = Sequence[dict[str, Any]]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up(desk: Desk) -> AsyncIterator[World]:
    service = Service("tests.rehearsal.shop.media", {"ORDER_DESK": desk.url})
    async with world(
        plan({}, free_port()), "order-desk", lambda _: None,
        tasks=2, service=service, scenarios=SCENARIOS,
    ) as started:  # fmt: skip
        yield started


class Kills:
    """One task has the calls, and another stands by; when the first is killed, a third comes."""

    def __init__(self, up: World) -> None:
        self._up = up
        self._coming: asyncio.Task[Task] | None = None
        (self._serving, self._next) = up.media.in_service
        up.media.deregister(self._next)

    async def strike(self, calls: Sequence[Watched]) -> None:
        """Kill the one that serves; returns when every call has its next leg, or is over."""
        media, legs = self._up.media, [count(await call.events(), "stream_open") for call in calls]
        media.register(self._next)
        media.kill(self._serving)
        for call, leg in zip(calls, legs, strict=True):
            await call.until(
                lambda seen, leg=leg: count(seen, "stream_open") > leg or count(seen, "ended") > 0
            )
        self._serving, self._next = self._next, await media.start()
        media.deregister(self._next)

    def close(self) -> None:
        """Both take streams again."""
        self._up.media.register(self._next)


@pytest_asyncio.fixture(loop_scope="module")
async def kills(up: World) -> AsyncIterator[Kills]:
    kills = Kills(up)
    yield kills
    kills.close()
    await admin.cancel(up.stand_ins)
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(seats, up) != (0, 0):
            await asyncio.sleep(0.2)


async def two_calls(up: World, scenario: str) -> list[Watched]:
    """The first is taken on by Twilio itself, the second not."""
    request = load(scenario, SCENARIOS).request
    calls = [await place(up, request=request)]
    order = {"name": "redirect_on_broken", "times": 1, "then": "hold"}
    await admin.order({"twilio": [order]}, up.stand_ins)
    return [*calls, await place(up, request=request)]


async def all_until(calls: Sequence[Watched], done: Callable[[Events], bool]) -> None:
    await asyncio.gather(*(call.until(done) for call in calls))


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.1)


def records_say(
    calls: Sequence[Watched], so: Callable[[dict[str, Any]], bool]
) -> Callable[[], Awaitable[bool]]:
    async def all_say() -> bool:
        return all(map(so, await asyncio.gather(*(call.record() for call in calls))))

    return all_say


def used(record: dict[str, Any]) -> list[str]:
    return [entry["detail"] for entry in record["timeline"] if entry["event"] == "tool"]


def waits(record: dict[str, Any]) -> bool:
    return any(entry["event"] == "waiting" for entry in record["timeline"])


def said(record: dict[str, Any], role: str = "agent") -> list[str]:
    return [turn["text"] for turn in record["transcript"] if turn["role"] == role]


def whole(record: dict[str, Any], reason: str) -> None:
    """One end, one greeting, every turn once."""
    assert (record["status"], record["end_reason"]) == ("ended", reason)
    assert sum(entry["event"] == "ended" for entry in record["timeline"]) == 1
    turns = record["transcript"]
    assert [turn["number"] for turn in turns] == list(range(1, len(turns) + 1))
    assert [turn["kind"] for turn in turns].count("greeting") == 1
    assert turns[0]["kind"] == "greeting"
    assert not turns[0]["interrupted"]


def spoke(events: Events, after: float, before: float) -> float:
    """Seconds of the agent's voice between the two."""
    starts, stops = (moments(events, f"agent_speech_{what}") for what in ("started", "stopped"))
    spoken = zip(starts, stops, strict=False)
    return sum(max(0.0, min(stop, before) - max(start, after)) for start, stop in spoken)


def moments(events: Events, event: str) -> list[float]:
    return [each["at"] for each in events if each["event"] == event]


async def test_killed_in_the_greeting_while_a_tool_is_used_and_in_the_goodbye(
    up: World, kills: Kills, desk: Desk
) -> None:
    calls = await two_calls(up, "order-desk")
    await all_until(calls, speaking)
    await kills.strike(calls)

    async def looked_up() -> bool:
        return all(desk.keys[call.call_id] for call in calls)

    await until(looked_up)
    await kills.strike(calls)

    # The goodbye has begun, and takes some fifteen seconds more.
    await until(records_say(calls, lambda record: record["end_reason"] == "agent_hung_up"))
    at = time.time()
    await kills.strike(calls)
    records = await asyncio.gather(*(call.ended() for call in calls))

    for call, record in zip(calls, records, strict=True):
        events = await call.events()
        # The greeting was heard again, from its beginning: nothing of it was heard on leg 1 alone.
        whole(record, "agent_hung_up")
        again, asked = moments(events, "stream_open")[1], moments(events, "callee_clip_started")[0]
        assert spoke(events, again, asked) > 5.5
        # The same use, twice, and its answer was told once.
        assert desk.keys[call.call_id] == [f"{call.call_id}/2/look_up/1"] * 2
        assert sum("comes on Friday" in words for words in said(record)) == 1
        # Whoever was leaving is gone, on no fourth leg, and not left on an open line.
        assert count(events, "stream_open") == 3
        assert moments(events, "ended")[0] - at < 10
        assert [each["by"] for each in events if each["event"] == "hung_up"] == ["twiml"]
        assert record["outcome"]["arrived"] is False
    heard = await asyncio.to_thread(listen, await calls[0].recording())
    assert "do you have a minute" in heard.agent


async def test_killed_while_somebody_is_put_through(up: World, kills: Kills) -> None:
    calls = await two_calls(up, "put-through")
    await until(records_say(calls, lambda record: "transfer_call" in used(record)))
    await kills.strike(calls)  # In the announcement, of some ten seconds.

    hangs = {"name": "transfer_hangs", "times": 2, "seconds": 30.0}
    await admin.order({"twilio": [hangs]}, up.stand_ins)
    await until(records_say(calls, lambda record: record["end_reason"] == "transferred"))
    await kills.strike(calls)  # The record says so, and Twilio has not done it.
    await admin.cancel(up.stand_ins)

    await all_until(calls, lambda seen: count(seen, "dialling") == 1)
    await kills.strike([])  # They talk with somebody else.
    records = await asyncio.gather(*(call.ended() for call in calls))

    for call, record in zip(calls, records, strict=True):
        events = await call.events()
        whole(record, "transferred")
        assert [each["status"] for each in events if each["event"] == "dialled"] == ["completed"]
        assert count(events, "stream_open") == 3
        failed = [entry for entry in record["timeline"] if entry["event"] == "transfer_failed"]
        assert len(failed) == 1
        assert record["disposition"] == "transferred"
        # The announcement that was cut was made again; that which was heard, in other words.
        words = " ".join(said(record))
        assert words.count("put you through to a colleague") == 1
        assert words.count("cut off") == 1


async def test_five_calls_outlive_every_task_with_cold_functions(up: World, desk: Desk) -> None:
    """All die at once, while a tool is used in each; no other comes before all of them wait."""
    request = load("patient", SCENARIOS).request
    calls = []
    for _ in range(5):
        calls.append(await place(up, request=request))
        await asyncio.sleep(1)

    async def looked_up() -> bool:
        return all(desk.keys[call.call_id] for call in calls)

    await until(looked_up)
    for task in up.media.in_service:
        up.media.kill(task)
    assert await asyncio.to_thread(kill_function, up, "twiml") >= 1
    await until(records_say(calls, waits))
    assert await asyncio.to_thread(seats, up) == (5, 5)
    await up.media.start()
    records = await asyncio.gather(*(call.ended() for call in calls))

    away = [each for call in calls for each in outages(await call.events())]
    print("without a stream, s:", sorted(round(each, 1) for each in away))
    for call, record in zip(calls, records, strict=True):
        whole(record, "callee_hung_up")
        assert desk.keys[call.call_id] == [f"{call.call_id}/2/look_up/1"] * 2
        assert sum("comes on Friday" in words for words in said(record)) == 1
    assert await asyncio.to_thread(seats, up) == (0, 0)
