"""The task's beats, in virtual time."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.seats import Beat
from media_service.process.heartbeat import Heartbeat
from media_service.process.live_calls import LiveCalls

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        self.threads = 0

    def time(self) -> float:
        return super().time() + self.skipped

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        # At once: a thread would take true time.
        self.threads += 1
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            wait = self._scheduled[0]._when - self.time()  # type: ignore[attr-defined]
            self.skipped += max(0.0, wait)
        super()._run_once()  # type: ignore[misc]


class Book:
    """A ledger that keeps every beat, and when it came; ``down`` while nobody can reach it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.beats: list[tuple[int, Beat]] = []
        self.down = False
        self._loop, self._began = loop, loop.time()

    def beat(self, beat: Beat) -> None:
        if self.down:
            raise ConnectionError
        self.beats.append((round(self._loop.time() - self._began), beat))


@pytest.fixture
def loop() -> Any:
    loop = VirtualLoop()
    yield loop
    loop.close()


def test_it_beats_every_five_seconds_and_says_at_last_that_it_goes(loop: VirtualLoop) -> None:
    book, live = Book(loop), LiveCalls()
    heartbeat = Heartbeat(book, live, 10, clock=lambda: AT)  # type: ignore[arg-type]

    async def life() -> None:
        await heartbeat.start()
        assert [when for when, _ in book.beats] == [0]
        await asyncio.sleep(11)
        with live.call(object()):  # type: ignore[arg-type]
            await asyncio.sleep(6)
        await heartbeat.stop()
        await heartbeat.stop()
        await asyncio.sleep(30)

    loop.run_until_complete(life())
    assert [(when, beat.live, beat.draining) for when, beat in book.beats] == [
        (0, 0, False), (5, 0, False), (10, 0, False), (15, 1, False), (17, 0, True),
    ]  # fmt: skip
    assert {(beat.seats, beat.task_id, beat.at) for _, beat in book.beats} == {
        (10, heartbeat.task_id, AT)
    }
    # None of it on the event loop itself.
    assert loop.threads == len(book.beats)


def test_a_task_that_takes_no_more_calls_says_so(loop: VirtualLoop) -> None:
    book, live = Book(loop), LiveCalls()
    live.accepting = False
    loop.run_until_complete(Heartbeat(book, live, 10).start())  # type: ignore[arg-type]
    assert [beat.draining for _, beat in book.beats] == [True]
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))


def test_it_goes_on_when_the_ledger_cannot_be_reached(loop: VirtualLoop) -> None:
    book = Book(loop)
    book.down = True
    heartbeat = Heartbeat(book, LiveCalls(), 10)  # type: ignore[arg-type]

    async def life() -> None:
        await heartbeat.start()
        await asyncio.sleep(7)
        book.down = False
        await asyncio.sleep(4)
        await heartbeat.stop()

    loop.run_until_complete(life())
    assert [when for when, _ in book.beats] == [10, 11]


def test_no_two_tasks_share_a_name() -> None:
    first, second = (Heartbeat(None, LiveCalls(), 1) for _ in range(2))  # type: ignore[arg-type]
    assert first.task_id != second.task_id
