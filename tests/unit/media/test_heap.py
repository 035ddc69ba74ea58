"""Memory is given back once nobody talks, and not while somebody does."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest

from media_service.process import heap
from media_service.process.live_calls import LiveCalls


class Session:
    def hand_over(self) -> None:
        return


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_what_nobody_holds_is_given_back() -> None:
    gone = weakref.ref(Cycle())
    heap.give_back()
    assert gone() is None


def test_nothing_is_looked_for_until_what_stays_is_there() -> None:
    try:
        heap.hold()
        assert not gc.isenabled()
        stays = Cycle()
        heap.keep()
        assert gc.isenabled()
        assert not any(each is stays for each in gc.get_objects())
    finally:
        gc.unfreeze()
        gc.enable()


def test_what_came_since_stays_too_but_for_what_is_garbage() -> None:
    gc.disable()
    try:
        gone, stays = weakref.ref(Cycle()), Cycle()
        heap.settle()
        assert gone() is None
        assert not any(each is stays for each in gc.get_objects())
    finally:
        gc.unfreeze()
        gc.enable()


async def test_it_is_done_after_calls_and_not_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    live = LiveCalls()
    monkeypatch.setattr(heap, "give_back", lambda: given.append(live.begun))
    monkeypatch.setattr(heap, "EVERY_SECONDS", 0.001)
    tending = asyncio.create_task(heap.tend(live))

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.001)

    with live.call(cast("Any", Session())):
        await asyncio.sleep(0.02)
        assert given == []
    await until(lambda: given == [1])
    await asyncio.sleep(0.02)
    assert given == [1], "once is enough"
    with live.call(cast("Any", Session())):
        pass
    await until(lambda: given == [1, 2])
    tending.cancel()
