"""What runs beside a call's conversation."""

import asyncio
from collections.abc import Coroutine
from typing import Any

KEPT = ("recording", "transfer", "opt_out")
"""By name: what is not given up with the call."""
KEPT_SECONDS = 15.0
"""So long it may take after the call's end."""


class Aside:
    """One session's tasks, by what they are for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None], name: str = "session") -> None:
        """Run this until it is done, or the session is over."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def keeps(self) -> bool:
        """Whether something runs that outlives the call."""
        return any(task.get_name() in KEPT for task in self._tasks)

    async def close(self) -> None:
        """End everything but what is kept, and wait for that."""
        for task in self._tasks:
            if task.get_name() not in KEPT:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=KEPT_SECONDS)
