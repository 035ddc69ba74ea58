"""The loop that takes preparations from the queue."""

import asyncio
from collections.abc import Callable

from calls.preparation import Preparation
from media_service.speaking.preparer import AT_ONCE, Preparer
from tests.fakes import FakePrepareQueue


class Work:
    """Preparations that take until they are told to end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.end = asyncio.Event()
        self.fails = False

    async def prepare(self, preparation: Preparation) -> None:
        self.begun.append(preparation.call_id)
        if self.fails:
            raise OSError("no")
        await self.end.wait()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_what_is_taken_is_prepared_and_then_done() -> None:
    queue, work = FakePrepareQueue(), Work()
    preparer = Preparer(queue, work.prepare)
    preparer.start()
    queue.put("01A")
    await until(lambda: work.begun == ["01A"])
    assert queue.finished == []
    work.end.set()
    await until(lambda: queue.finished == ["01A"])
    await preparer.stop()


async def test_a_few_at_once_and_the_rest_is_left_to_others() -> None:
    queue, work = FakePrepareQueue(), Work()
    preparer = Preparer(queue, work.prepare)
    preparer.start()
    for n in range(AT_ONCE + 2):
        queue.put(f"01{n}")
    await until(lambda: len(work.begun) == AT_ONCE)
    await asyncio.sleep(0.05)
    assert queue.waiting.qsize() == 2
    work.end.set()
    await until(lambda: len(queue.finished) == AT_ONCE + 2)
    await preparer.stop()


async def test_one_that_fails_does_not_come_again_nor_stop_the_others() -> None:
    queue, work = FakePrepareQueue(), Work()
    work.fails = True
    preparer = Preparer(queue, work.prepare)
    preparer.start()
    for n in range(AT_ONCE + 2):
        queue.put(f"01{n}")
    await until(lambda: len(queue.finished) == AT_ONCE + 2)
    await preparer.stop()


async def test_a_queue_that_fails_is_asked_again() -> None:
    queue, work = FakePrepareQueue(), Work()
    work.end.set()
    queue.put("01A")
    queue.error = OSError("no")
    preparer = Preparer(queue, work.prepare, retry_seconds=0.01)
    preparer.start()
    await until(lambda: queue.finished == ["01A"])
    await preparer.stop()


async def test_after_the_stop_none_is_taken_and_what_was_begun_is_finished() -> None:
    queue, work = FakePrepareQueue(), Work()
    preparer = Preparer(queue, work.prepare)
    preparer.start()
    queue.put("01A")
    await until(lambda: work.begun == ["01A"])
    stopping = asyncio.create_task(preparer.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    queue.put("01B")
    work.end.set()
    await stopping
    await asyncio.sleep(0.05)
    assert work.begun == ["01A"]
    # Somebody else may have it, at once.
    assert [each.call_id for each in queue.take(0)] == ["01B"]
