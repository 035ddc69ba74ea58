"""What has been sent for the callee to hear, and has not been played yet."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from rehearsal.mulaw import FRAME, SILENCE


@dataclass(frozen=True)
class Mark:
    """A name to give back when everything before it has been played."""

    name: str


@dataclass(frozen=True)
class Cleared:
    """What a ``clear`` threw away."""

    dropped: int
    """Bytes, 8 of them a millisecond."""
    marks: tuple[str, ...]
    """Marks to echo at once, in the order in which they were sent."""


@dataclass(frozen=True)
class Played:
    """One frame on its way to the callee."""

    audio: bytes
    """160 bytes of mu-law, filled up with silence."""
    marks: tuple[str, ...]
    """Marks whose audio had been played to its end before this frame began."""
    fed: int
    """How many of the bytes were really sent, not filled up."""


class Source(Protocol):
    """Where the callee's next 20 ms come from."""

    def pull(self) -> Played:
        """The next frame."""


class Playout:
    """A first-in-first-out buffer of mu-law and marks, emptied at the pace of a telephone.

    `pull` is called once for every 20 ms of the call; payloads may have any length.
    """

    def __init__(self) -> None:
        self._queue: deque[bytes | Mark] = deque()
        self._passed: list[str] = []  # within the frame that is being played right now
        self._buffered = 0

    @property
    def buffered(self) -> int:
        """Bytes still to be played."""
        return self._buffered

    def feed(self, audio: bytes) -> None:
        """Append mu-law audio."""
        if audio:
            self._queue.append(audio)
            self._buffered += len(audio)

    def mark(self, name: str) -> None:
        """Append a mark."""
        self._queue.append(Mark(name))

    def clear(self) -> Cleared:
        """Throw away everything; the frame that is being played still ends."""
        marks = [*self._passed, *(item.name for item in self._queue if isinstance(item, Mark))]
        dropped, self._buffered = self._buffered, 0
        self._passed.clear()
        self._queue.clear()
        return Cleared(dropped, tuple(marks))

    def pull(self) -> Played:
        """The next frame, and the marks that the frames before it have reached."""
        marks, self._passed = self._passed, []
        while self._queue and isinstance(self._queue[0], Mark):
            marks.append(self._take_mark())
        frame = bytearray()
        while self._queue and len(frame) < FRAME:
            if isinstance(self._queue[0], Mark):
                self._passed.append(self._take_mark())
            else:
                frame += self._take_audio(FRAME - len(frame))
        self._buffered -= len(frame)
        return Played(bytes(frame).ljust(FRAME, SILENCE), tuple(marks), len(frame))

    def _take_mark(self) -> str:
        item = self._queue.popleft()
        assert isinstance(item, Mark)
        return item.name

    def _take_audio(self, most: int) -> bytes:
        item = self._queue.popleft()
        assert isinstance(item, bytes)
        if len(item) > most:
            self._queue.appendleft(item[most:])
        return item[:most]
