"""No call is dropped: media tasks are killed, drained and paused while people are talking."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from statistics import median
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rehearsal import admin
from rehearsal.plan import plan
from rehearsal.tasks import Task
from rehearsal.world import World, free_port, world
from tests.rehearsal.handed_over import (
    Watched,
    count,
    in_the_answer,
    outages,
    place,
    seats,
    silence,
    speaking,
)
from tests.rehearsal.recording import listen

pytestmark = [
    pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(500),
]  # fmt: skip
SILENCE = 3.0
"""Seconds that a callee may hear nobody when a task is killed…"""
STUMBLED = 8.0
"""…of which this machine may add some: network, cloud, vendors and callees share its processors…"""
GAP = 1.5
"""…and, of twenty, nineteen when it is replaced."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up() -> AsyncIterator[World]:
    async with world(plan({}, free_port()), "long-answer", lambda _: None, tasks=2) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def well_again(up: World) -> AsyncIterator[None]:
    yield
    await admin.cancel(up.stand_ins)
    async with asyncio.timeout(60):
        while await asyncio.to_thread(seats, up) != (0, 0):
            await asyncio.sleep(0.2)


async def broken_streams(up: World, then: str, calls: int) -> None:
    """What Twilio does with the next calls when a socket of theirs breaks."""
    order = {"name": "redirect_on_broken", "times": calls, "then": then}
    await admin.order({"twilio": [order]}, up.stand_ins)


async def pair(up: World) -> tuple[Task, Task]:
    """Two fresh tasks; the first alone takes streams."""
    for task in up.media.in_service:
        up.media.drain(task)
    old, fresh = await up.media.start(), await up.media.start()
    up.media.deregister(fresh)
    return old, fresh


async def talking(up: World, number: int, apart: float = 2.5) -> list[Watched]:
    """So many calls, all of them beyond their callees' first words, the last in its answer.

    One after another: the stand-ins that listen and speak for all of them need most of two
    processors, and it is not them who are tried.
    """
    await warm(up, 2 * number)
    calls = []
    for each in range(number):
        calls.append(await place(up, 10 + each))
        await asyncio.sleep(apart)
    await asyncio.gather(*(call.until(asked) for call in calls))
    await calls[-1].until(in_the_answer)
    return calls


async def warm(up: World, number: int) -> None:
    """Environments for so many webhooks at once: here all their cold starts share two processors,
    which in AWS none has to."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        await asyncio.gather(*(client.post(f"{up.plan.origin}/twiml") for _ in range(number)))


def asked(events: Sequence[dict[str, Any]]) -> bool:
    return count(events, "callee_clip_ended") >= 1


def whole(record: dict[str, Any]) -> None:
    """One record, one outcome, every turn in it once, one greeting."""
    assert record["status"] == "ended"
    assert record["end_reason"] == "callee_hung_up"
    assert record["outcome"]["satisfied"] is True
    turns = record["transcript"]
    assert [turn["number"] for turn in turns] == list(range(1, len(turns) + 1))
    assert [turn["kind"] for turn in turns].count("greeting") == 1
    assert turns[0]["kind"] == "greeting"
    # What was asked before the task died was answered after it: one turn or, with a pause, two.
    assert [role for role, _ in groupby(turn["role"] for turn in turns)][1:3] == ["callee", "agent"]
    assert any("carpenters" in turn["text"] for turn in turns if turn["role"] == "agent")
    assert sum(entry["event"] == "ended" for entry in record["timeline"]) == 1


@pytest.mark.parametrize("then", ["follow", "hold"])
async def test_five_calls_outlive_the_kill_of_their_task(up: World, then: str) -> None:
    old, fresh = await pair(up)
    await broken_streams(up, then, 5)
    calls = await talking(up, 5)
    assert await asyncio.to_thread(seats, up) == (5, 5)
    up.media.register(fresh)
    at = time.time()
    up.media.kill(old)
    await asyncio.gather(*(call.until(resumed) for call in calls))
    assert await asyncio.to_thread(seats, up) == (5, 5)
    records = await asyncio.gather(*(call.ended() for call in calls))
    events = [await call.events() for call in calls]

    away = [each for one in events for each in outages(one)]
    silent = [each for one in events if (each := silence(one, at)) is not None]
    print("without a stream, s:", rounded(away), "in a sentence:", rounded(silent))
    for record, one in zip(records, events, strict=True):
        whole(record)
        if then == "hold":
            assert count(one, "redirected") == 1
    assert silent, "nobody was cut in a sentence"
    assert median(silent) < SILENCE
    assert max([*away, *silent]) < STUMBLED
    await heard_whole(calls[-1], records[-1])


async def test_a_task_that_is_to_stop_hands_its_calls_over_and_exits_with_0(up: World) -> None:
    old, fresh = await pair(up)
    calls = await talking(up, 5)
    up.media.register(fresh)
    up.media.drain(old)
    async with asyncio.timeout(120):
        assert await old.process.wait() == 0
    records = await asyncio.gather(*(call.ended() for call in calls))
    events = [await call.events() for call in calls]

    away = [each for one in events for each in outages(one)]
    print("without a stream, s:", rounded(away))
    for record in records:
        whole(record)
    assert away
    assert percentile_95(away) < GAP
    assert await asyncio.to_thread(seats, up) == (0, 0)


async def test_a_rolling_deployment_under_ten_calls_drops_none(up: World) -> None:
    first, second = await pair(up)
    up.media.register(second)
    calls = await talking(up, 10, apart=1.0)
    for old in (first, second):
        await up.media.start()
        up.media.drain(old)
        async with asyncio.timeout(120):
            assert await old.process.wait() == 0
    records = await asyncio.gather(*(call.ended() for call in calls))

    away = [each for call in calls for each in outages(await call.events())]
    print("without a stream, s:", rounded(away))
    for record in records:
        whole(record)
    assert percentile_95(away) < GAP


async def test_a_task_that_stood_still_touches_nothing_when_it_goes_on(up: World) -> None:
    old, fresh = await pair(up)
    cut = {"name": "stream_cut", "seconds": 19.0}
    await admin.order({"twilio": [cut]}, up.stand_ins)
    call = await place(up, 30)
    await call.until(in_the_answer)
    up.media.pause(old)
    up.media.deregister(old)
    up.media.register(fresh)
    events = await call.until(lambda seen: resumed(seen) and speaking(seen))
    up.media.resume(old)
    record = await call.ended()

    whole(record)
    events = await call.events()
    assert count(events, "stream_open") == 2
    assert [each["by"] for each in events if each["event"] == "hung_up"] == ["callee"]
    assert old.process.running


async def test_a_call_waits_for_a_task_that_comes(up: World) -> None:
    for task in up.media.in_service:
        up.media.drain(task)
    old = await up.media.start()
    call = await place(up, 40)
    await call.until(in_the_answer)
    up.media.kill(old)
    await asyncio.sleep(20)
    await up.media.start()
    record = await call.ended()
    whole(record)
    assert any(entry["event"] == "waiting" for entry in record["timeline"])


async def test_a_call_that_nobody_takes_on_ends_with_a_goodbye_after_a_minute(up: World) -> None:
    for task in up.media.in_service:
        up.media.drain(task)
    old = await up.media.start()
    call = await place(up, 41)
    await call.until(in_the_answer)
    at = time.time()
    up.media.kill(old)
    events = await call.until(lambda seen: count(seen, "ended") == 1)
    (end,) = [each["at"] for each in events if each["event"] == "ended"]
    assert 60 <= end - at < 80
    record = await call.record()
    assert (record["status"], record["end_reason"]) == ("ended", "failed")
    await up.media.start()


async def heard_whole(call: Watched, record: dict[str, Any]) -> None:
    """One recording of both over the whole call."""
    heard = await asyncio.to_thread(listen, await call.recording())
    assert abs(heard.seconds - record["duration_seconds"]) < 4
    assert heard.agent.count("your garden bench order") == 1
    assert heard.callee


def resumed(events: Sequence[dict[str, Any]]) -> bool:
    return count(events, "stream_open") == 2


def rounded(seconds: list[float]) -> list[float]:
    return sorted(round(each, 2) for each in seconds)


def percentile_95(seconds: list[float]) -> float:
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]
