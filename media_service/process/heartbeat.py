"""The task's heartbeat: it tells the ledger how many calls may be placed on it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from calls.call import now
from calls.ports import Ledger
from calls.seats import BEAT_SECONDS, Beat
from media_service.process.live_calls import LiveCalls

log = logging.getLogger(__name__)


class Heartbeat:
    """Beats every five seconds from ``start`` to ``stop``. Nobody is phoned without it."""

    def __init__(
        self,
        ledger: Ledger,
        live: LiveCalls,
        seats: int,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """A heart that does not beat yet.

        Args:
            live: the calls in progress; while it takes no new ones, the task drains.
            seats: so many calls can this task carry at once.
        """
        self.task_id = live.task_id
        self._ledger = ledger
        self._live = live
        self._seats = seats
        self._clock = clock
        self._stopping = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Beat once, then go on by itself. A ledger that does not answer now may do so later."""
        await self._beat()
        self._beating = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """No more seats here: said in a last beat, so that nobody counts on them for 15 s more."""
        self._stopping.set()
        if self._beating:
            await asyncio.shield(self._beating)

    async def _run(self) -> None:
        while not await self._stopped_within(BEAT_SECONDS):
            await self._beat()
        # After every other, so that none can overwrite it.
        await self._beat()

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    async def _beat(self) -> None:
        draining = self._stopping.is_set() or not self._live.accepting
        beat = Beat(self.task_id, self._seats, len(self._live), draining, self._clock())
        try:
            await asyncio.to_thread(self._ledger.beat, beat)
        except Exception:
            log.exception("a heartbeat failed", extra={"task": self.task_id})
