"""A moment by which something has to have happened."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls somebody when it is missed, once. Set again, it begins anew.

    Args:
        missed: called in the event loop.
    """

    def __init__(self, missed: Callable[[], None]) -> None:
        self._missed = missed
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """So long from now."""
        self.drop()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._expire)

    def drop(self) -> None:
        """It happened, or nobody waits for it any more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self._missed()
