"""More streams than seats: those that run go on as they were, and the others are sent on."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from media_service.listening.models import Models
from tests.integration.media.conftest import APOLOGY, Service, Stand, serving
from tests.integration.media.phone import Phone

SEATS = 2
KNOCKS = 8


@pytest.fixture
async def small(deepgram: Stand, llm: Stand, loaded: Models) -> AsyncIterator[Service]:
    """A task of two seats."""
    async with serving(
        deepgram.url, f"{llm.url}/openai/v1", loaded, seats_per_task=SEATS
    ) as running:
        yield running


async def knock(service: Service, number: int, leg: int = 1) -> int | None:
    """What a stream of another call is closed with."""
    call = service.call(f"01KNOCK{number}", f"CAK{number}")
    async with service.answered(call, leg) as phone:
        await phone.closed(10)
        assert phone.sound == bytearray()
        return phone.closed_with


async def test_a_full_task_sends_new_calls_on_and_its_own_end_right(small: Service) -> None:
    calls = [small.call(f"01RUNS{n}", f"CAR{n}") for n in range(SEATS)]

    async def talk(number: int) -> Phone:
        async with small.answered(calls[number]) as phone:
            await phone.until(lambda: phone.first_sound_at is not None)
            began.release()
            await phone.quiet(0.3)
            phone.say("sarah-speaking")
            await phone.quiet(0.5)
            await phone.hang_up()
        return phone

    began = asyncio.Semaphore(0)
    running = [asyncio.create_task(talk(number)) for number in range(SEATS)]
    for _ in running:
        await began.acquire()
    knocks = await asyncio.gather(*(knock(small, number) for number in range(KNOCKS)))
    assert knocks == [1012] * KNOCKS
    async with httpx.AsyncClient() as client:
        at = small.url.replace("ws://", "http://").replace("/ws", "/healthz")
        assert (await client.get(at)).status_code == 200
    phones = await asyncio.gather(*running)
    await small.over()
    for call, phone in zip(calls, phones, strict=True):
        assert [turn.role for turn in small.said(call.call_id)] == ["agent", "callee", "agent"]
        assert APOLOGY[0] not in bytes(phone.sound)
    # Nothing of those was begun: their next leg finds them as they were.
    assert {small.records.get(f"01KNOCK{n}").active_leg for n in range(KNOCKS)} == {0}


async def test_a_call_that_comes_from_another_task_is_taken_beyond_the_seats(
    small: Service,
) -> None:
    calls = [small.call(f"01RUNS{n}", f"CAR{n}") for n in range(SEATS)]
    later = small.call("01LATER", "CAL", active_leg=1)
    async with small.answered(calls[0]) as one, small.answered(calls[1]) as two:
        await one.until(lambda: len(small.live) == SEATS)
        async with small.answered(later, 2) as third:
            await third.until(lambda: len(small.live) == SEATS + 1)
            # And there is an end to it.
            assert await knock(small, 9, leg=2) == 1012
            assert await knock(small, 10) == 1012
            await third.hang_up()
        await one.hang_up()
        await two.hang_up()
        await small.over()
    assert small.records.get("01LATER").active_leg == 2
    assert len(small.live) == 0
