"""What is written to the call's record, in order, behind the call's back."""

import asyncio
import logging
from collections.abc import Callable

from calls.call import Call, Turn
from calls.ports import CallRecords, FencedError

log = logging.getLogger(__name__)


class Journal:
    """One leg's only writer: a queue and a task, and a thread for each write, which may block.

    Attributes:
        fenced: set once another leg has the call. Nothing is written any more from then on.
    """

    def __init__(self, records: CallRecords, call_id: str, leg: int) -> None:
        self.fenced = asyncio.Event()
        self._records = records
        self._call_id = call_id
        self._leg = leg
        self._queue: asyncio.Queue[Callable[[], object]] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(), name="journal")

    def turn(self, turn: Turn) -> None:
        """Write a finished turn."""
        self._queue.put_nowait(lambda: self._records.append_turn(self._call_id, self._leg, turn))

    def change(self, change: Callable[[Call], Call]) -> None:
        """Change the record, if this leg still has the call."""
        self._queue.put_nowait(lambda: self._update(change))

    async def changed(self, change: Callable[[Call], Call]) -> Call:
        """Change the record now, after all that is still to be written.

        Raises:
            FencedError: another leg has the call.
            Exception: whatever kept it from being written.
        """
        await self.flush()
        try:
            return await asyncio.to_thread(self._update, change)
        except FencedError:
            self.fenced.set()
            raise

    async def holds(self) -> bool | None:
        """Whether this leg has the call, asked of its record now; None, if that cannot be read."""
        if self.fenced.is_set():
            return False
        try:
            call = await asyncio.to_thread(self._records.get, self._call_id)
        except Exception:
            log.exception("whose the call is cannot be read", extra=self._where)
            return None
        if call.active_leg != self._leg:
            log.warning("another leg has the call", extra=self._where)
            self.fenced.set()
            return False
        return True

    async def flush(self, seconds: float = 5.0) -> None:
        """Wait until all is written, but no longer than this."""
        try:
            async with asyncio.timeout(seconds):
                await self._queue.join()
        except TimeoutError:
            log.error("the call's record is behind", extra={"call_id": self._call_id})

    async def close(self) -> None:
        """Write the rest, and stop."""
        await self.flush()
        self._writer.cancel()
        await asyncio.wait({self._writer})

    def _update(self, change: Callable[[Call], Call]) -> Call:
        def fenced(call: Call) -> Call:
            if call.active_leg != self._leg:
                raise FencedError(self._call_id)
            return change(call)

        return self._records.update(self._call_id, fenced)

    async def _write(self) -> None:
        while True:
            write = await self._queue.get()
            try:
                if not self.fenced.is_set():
                    await asyncio.to_thread(write)
            except FencedError:
                log.warning("another leg has the call", extra=self._where)
                self.fenced.set()
            except Exception:
                # The conversation is worth more than its record.
                log.exception("a write to the call's record failed", extra=self._where)
            finally:
                self._queue.task_done()

    @property
    def _where(self) -> dict[str, object]:
        return {"call_id": self._call_id, "leg": self._leg}
