"""After every way that a call can end, nothing of it is left."""

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from media_service.models import Models
from tests.integration.media.conftest import BlackHole, Service, Stand, serving


async def hangs_up_early(service: Service, deepgram: Stand) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.hang_up()
        await service.over()


async def breaks(service: Service, deepgram: Stand) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        phone.socket.transport.abort()
        await service.over()


async def says_goodbye(service: Service, deepgram: Stand) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-still-here")
        await phone.closed()
        await service.over()


async def fails(service: Service, deepgram: Stand) -> None:
    deepgram.fault(speak={"refuse": 401})
    async with service.answered() as phone:
        await phone.closed()
        await service.over()


def held() -> tuple[set[str], int, set[str]]:
    gc.collect()
    tasks = {task.get_name() for task in asyncio.all_tasks()}
    threads = {
        thread.name
        for thread in threading.enumerate()
        if not thread.name.startswith(("asyncio_", "MainThread"))
    }
    return tasks, len(list(Path("/proc/self/fd").iterdir())), threads


@pytest.mark.parametrize("end", [hangs_up_early, breaks, says_goodbye, fails])
async def test_nothing_is_left(
    service: Service, deepgram: Stand, end: Callable[[Service, Stand], Awaitable[None]]
) -> None:
    await hangs_up_early(service, deepgram)
    service.records._calls.clear()
    await asyncio.sleep(0.3)
    tasks, files, threads = held()
    await end(service, deepgram)
    await asyncio.sleep(0.3)
    after = held()
    assert after[0] - tasks == set()
    assert after[2] - threads == set()
    # The pool keeps one connection to the LLM.
    assert after[1] <= files + 1


async def test_nothing_is_left_of_vendors_that_hang(hole: BlackHole, loaded: Models) -> None:
    async with serving(f"ws://{hole.at}", f"http://{hole.at}/openai/v1", loaded) as service:
        tasks, _, threads = held()
        async with service.answered() as phone:
            await phone.closed()
            assert phone.first_sound_at is not None
            # Our own deadline (2 s), not the library's (8.5 s and more).
            assert phone.first_sound_at < 8
            await service.over()
        # The library gives a socket 10 s to close, handshake or not.
        await phone.until(lambda: held()[0] <= tasks, 12)
        after = held()
    assert after[2] - threads == set()
    assert service.records.get("01CALL").end_reason == "failed"
