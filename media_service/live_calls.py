"""The calls that this process is in."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from media_service.session import Session


class LiveCalls:
    """Counts them, and lets a process that is to stop wait for the last.

    Attributes:
        accepting: whether new calls are taken.
    """

    def __init__(self) -> None:
        self.accepting = True
        self._sessions: set[Session] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions))

    @contextmanager
    def call(self, session: Session) -> Iterator[None]:
        """While inside, the session is live."""
        self._sessions.add(session)
        self._none.clear()
        try:
            yield
        finally:
            self._sessions.discard(session)
            if not self._sessions:
                self._none.set()

    async def over(self, seconds: float) -> bool:
        """Wait until no call is live, or for so long. Whether none is."""
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            return False
        return True
