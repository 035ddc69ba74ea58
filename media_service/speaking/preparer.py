"""Takes the calls that ring from the queue, to have them prepared by whichever task is free."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from calls.ports import PrepareQueue
from calls.preparation import Preparation

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Preparations on one task: the calls that it is in come first."""
POLL_SECONDS = 10
"""As long does the queue hold a request that finds nothing."""
RETRY_SECONDS = 5.0
"""After the queue could not be asked."""


class Preparer:
    """Takes preparations from the queue, a few at a time, from ``start`` to ``stop``.

    The queue is asked by a thread of its own: it may wait there for as long as it likes, and is
    left behind when the process ends.
    """

    def __init__(
        self,
        queue: PrepareQueue,
        prepare: Callable[[Preparation], Coroutine[Any, Any, None]],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._queue = queue
        self._prepare = prepare
        self._retry_seconds = retry_seconds
        self._slots = threading.Semaphore(AT_ONCE)
        self._stopping = threading.Event()
        self._doing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to take preparations."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._poll, name="preparer", daemon=True).start()

    async def stop(self) -> None:
        """Take no more; what was begun is finished."""
        self._stopping.set()
        if self._doing:
            await asyncio.wait(self._doing)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._slots.acquire()
            try:
                if not self._take():
                    self._slots.release()
            except Exception:
                self._slots.release()
                log.exception("the prepare queue could not be asked")
                self._stopping.wait(self._retry_seconds)

    def _take(self) -> bool:
        """Whether a preparation came, and has the slot now."""
        taken = [] if self._stopping.is_set() else self._queue.take(POLL_SECONDS)
        for preparation in taken:
            if self._stopping.is_set():
                # Another task has the time for it.
                self._queue.give_back(preparation)
                return False
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._begin, preparation)
            return True
        return False

    def _begin(self, preparation: Preparation) -> None:
        task = asyncio.create_task(self._do(preparation), name="preparation")
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _do(self, preparation: Preparation) -> None:
        try:
            await self._prepare(preparation)
        except Exception:
            log.exception("a call is not prepared", extra={"call_id": preparation.call_id})
        finally:
            self._slots.release()
        try:
            # Done or not: when it came up again, the person would have answered.
            await asyncio.to_thread(self._queue.done, preparation)
        except Exception:
            log.exception("the prepare queue could not be told")
