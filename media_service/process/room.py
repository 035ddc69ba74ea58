"""How many streams this task takes at once: the ledger counts seats, and this door keeps them."""

from collections.abc import Iterator
from contextlib import contextmanager

STANDING = 0.5
"""Of the seats, on top of them: for calls that come from another task, or have waited once."""


class Room:
    """Counts streams from their `start` to their end, before anything is read or made for them.

    A call's first leg is let in to a seat. A later leg has somebody on the line who was talking, or
    has waited already, while tasks are stopping or have died: it is let in beyond the seats, up to
    a limit that keeps everybody's sound whole.

    Args:
        seats: so many calls the ledger may place on this task.
    """

    def __init__(self, seats: int) -> None:
        self._seats = seats
        self._most = seats + max(1, int(seats * STANDING))
        self._taken = 0

    @contextmanager
    def place(self, leg: str) -> Iterator[bool]:
        """Whether there is one, which is then kept while inside.

        Args:
            leg: as the stream tells it, not looked at yet.
        """
        free = self._taken < (self._seats if leg == "1" else self._most)
        self._taken += free
        try:
            yield free
        finally:
            self._taken -= free
