"""When somebody speaks, judged by loudness alone, on the sound that is really played."""

from collections import deque
from typing import NamedTuple

from rehearsal.mulaw import FRAME_MS, loudness

THRESHOLD = 200.0
"""Root mean square on the int16 scale, about -44 dBFS: above line noise, below a soft voice."""
ONSET_FRAMES = 2
"""One loud frame is a click; two in a row are a voice."""
HANGOVER = 0.4
"""Seconds of quiet that end a stretch of speech; a shorter gap is a breath between words."""


class Change(NamedTuple):
    """Speech began or ended."""

    speaking: bool
    at: float
    """Seconds of the call: the first loud frame's beginning, or the last one's end."""


class Hearing:
    """Follows one voice, frame by frame. Times are seconds since the first frame."""

    def __init__(self) -> None:
        self._ticks = 0
        self._loud: deque[bool] = deque([False] * ONSET_FRAMES, maxlen=ONSET_FRAMES)
        self.speaking_since: float | None = None
        """Where the current stretch of speech began; None in silence."""
        self.last_sound: float | None = None
        """The end of the last frame of speech; None when there never was one."""

    @property
    def now(self) -> float:
        """The end of the last frame heard."""
        return self._ticks * FRAME_MS / 1000

    def hear(self, frame: bytes) -> Change | None:
        """Take 20 ms of mu-law; say if speech began or ended with it."""
        self._ticks += 1
        self._loud.append(loudness(frame) >= THRESHOLD)
        if self._loud[-1] and (self.speaking_since is not None or all(self._loud)):
            return self._sound()
        return self._quiet()

    def _sound(self) -> Change | None:
        self.last_sound = self.now
        if self.speaking_since is not None:
            return None
        self.speaking_since = self.now - ONSET_FRAMES * FRAME_MS / 1000
        return Change(True, self.speaking_since)

    def _quiet(self) -> Change | None:
        if self.speaking_since is None or self.last_sound is None:
            return None
        if self.now - self.last_sound < HANGOVER - 1e-9:
            return None
        self.speaking_since = None
        return Change(False, self.last_sound)
