"""What was sent and is still to be heard, so that it can be taken back and sent again."""

from collections import deque
from collections.abc import Callable, Iterable

BYTES_PER_SECOND = 8000
"""Of mu-law at 8 kHz."""

Then = Callable[[], None]
"""What is to be done once all before it has been heard."""
Piece = bytes | Then


class Unheard:
    """The tail of what was sent, by when it will have been heard. Times are seconds."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, Piece]] = deque()
        self.until = 0.0
        """When all of it will have been heard."""

    def sound(self, mulaw: bytes, now: float) -> None:
        """This was sent, and plays after what was sent before."""
        self._forget(now)
        self.until = max(self.until, now) + len(mulaw) / BYTES_PER_SECOND
        self._sent.append((self.until, mulaw))

    def mark(self, then: Then) -> None:
        """This was asked for behind what was sent before."""
        self._sent.append((self.until, then))

    def heard(self, then: Then) -> None:
        """This was done."""
        self._sent = deque(each for each in self._sent if each[1] is not then)

    def take_back(self, now: float) -> list[Piece]:
        """What is unheard, in order, from the very sample on; nothing is left here."""
        self._forget(now)
        rests = [_rest(piece, until - now) for until, piece in self._sent]
        self._sent.clear()
        self.until = 0.0
        return [rest for rest in rests if rest]

    def _forget(self, now: float) -> None:
        # A mark that lies behind what was heard has perhaps not come back yet.
        while self._sent and self._sent[0][0] <= now and isinstance(self._sent[0][1], bytes):
            self._sent.popleft()


def seconds(pieces: Iterable[Piece]) -> float:
    """How long their sound is."""
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes)) / BYTES_PER_SECOND


def _rest(piece: Piece, left: float) -> Piece:
    if not isinstance(piece, bytes):
        return piece
    return piece[max(0, len(piece) - round(left * BYTES_PER_SECOND)) :]
