"""A living person on the line: what comes from their microphone, tick by tick. No I/O."""

from collections import deque
from collections.abc import Callable

from rehearsal.mulaw import FRAME, SILENT_FRAME

from .callee import KEY_SECONDS, Noted, Spoken
from .hearing import Hearing

AHEAD = 3
"""Frames that are waited for before the first is played: what a browser may be late by."""
BEHIND = 12
"""Frames that may wait. Beyond, the oldest are dropped: clocks differ, and nobody wants to talk to
somebody who is a second away."""


class Handset:
    """The person's end of the line.

    Args:
        play: Given every 20 ms of mu-law that they hear.
    """

    done = False

    def __init__(self, play: Callable[[bytes], None]) -> None:
        self._play = play
        self._said: deque[bytes] = deque()
        self._flowing = False
        self._keys = ""
        self._next_key = 0.0
        self._gone = False
        self._hearing = Hearing()

    def say(self, frame: bytes) -> None:
        """20 ms of mu-law from the microphone; anything else is dropped."""
        if len(frame) != FRAME:
            return
        self._said.append(frame)
        if len(self._said) > BEHIND:
            while len(self._said) > AHEAD:
                self._said.popleft()

    def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        self._keys += keys

    def hang_up(self) -> None:
        """With the next tick."""
        self._gone = True

    def tick(self, heard: bytes) -> Spoken:
        """Hear 20 ms of mu-law and answer with 20 ms of one's own."""
        out = Spoken(audio=self._next(), hang_up=self._gone)
        if (change := self._hearing.hear(heard)) is not None:
            event = "agent_speech_started" if change.speaking else "agent_speech_stopped"
            out.notes.append(Noted(max(0.0, change.at), event))
        now = self._hearing.now
        if self._keys and now >= self._next_key:
            out.digits, self._keys = self._keys[0], self._keys[1:]
            self._next_key = now + KEY_SECONDS
            out.notes.append(Noted(now, "dtmf", {"digit": out.digits}))
        self._play(heard)
        return out

    def _next(self) -> bytes:
        """What the microphone brought; silence while it is waited for."""
        self._flowing = bool(self._said) and (self._flowing or len(self._said) >= AHEAD)
        return self._said.popleft() if self._flowing else SILENT_FRAME
