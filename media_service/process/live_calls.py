"""The calls that this process is in."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ulid import ULID

from media_service.session import Session


class LiveCalls:
    """Counts them, and lets a process that is to stop hand them over and wait for the last.

    Attributes:
        accepting: whether new calls are taken.
        task_id: this process's name among those that take calls.
        begun: how many there were so far.
    """

    def __init__(self) -> None:
        self.accepting = True
        # The host's name for people; on a laptop, two tasks have the same.
        self.task_id = f"{socket.gethostname()}-{ULID()}"
        self.begun = 0
        self._sessions: set[Session] = set()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions))

    @contextmanager
    def call(self, session: Session) -> Iterator[None]:
        """While inside, the session is live. One that was let in just before a drain goes too."""
        self._sessions.add(session)
        self.begun += 1
        self._none.clear()
        if not self.accepting:
            session.hand_over()
        try:
            yield
        finally:
            self._sessions.discard(session)
            if not self._sessions:
                self._none.set()

    def hand_over(self) -> None:
        """Have every call taken on by another task, each at its next quiet moment."""
        self.accepting = False
        for session in self:
            session.hand_over()

    async def over(self, seconds: float) -> bool:
        """Wait until no call is live, or for so long. Whether none is."""
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            return False
        return True
