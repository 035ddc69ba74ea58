"""Where speech begins and ends in a stream of audio. No I/O, no clock but the audio's own.

The recognizer invents words in silence ("You"), so it is only ever given what this lets through.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono, 16 kHz, in -1...1."""

RATE = 16_000
FRAME = RATE // 50
"""Samples in the 20 ms that are judged at once."""
SECONDS = FRAME / RATE

QUIETEST_DB = -50.0
"""Below this nothing is speech: a good line's own noise is under -60 dBFS."""
LOUDEST_DB = -32.0
"""Above this everything is."""
OVER_NOISE_DB = 10.0
NOISE_RISE_DB = 0.06
"""A frame: 3 dB a second, slow enough that one phrase does not pass for noise."""

ONSET = 3
"""Voiced frames of the last five that begin speech. Fewer is a click."""
BEFORE = 15
"""Frames kept from before the onset: soft consonants."""
AFTER = 5
"""Frames kept after the last voiced one."""
PAUSE = 5
"""Silent frames after which it is worth transcribing ahead: the speaker may have ended."""


class Event(Enum):
    """What a frame brought about."""

    STARTED = auto()
    PAUSED = auto()
    ENDED = auto()


@dataclass
class Segment:
    """A stretch of speech. Times are seconds of the stream."""

    start: float
    frames: list[Audio] = field(default_factory=list)
    voiced: int = 0
    """Voiced frames so far: two looks at a segment with the same number heard the same words."""
    silent: int = 0
    """Silent frames since the last voiced one."""

    @property
    def end(self) -> float:
        """Of its last voiced frame."""
        return self.start + (len(self.frames) - self.silent) * SECONDS

    @property
    def seconds(self) -> float:
        return len(self.frames) * SECONDS

    def audio(self) -> Audio:
        """The speech with 100 ms of silence before and after, which the recognizer expects."""
        margin = np.zeros(RATE // 10, dtype=np.float32)
        kept = len(self.frames) - max(0, self.silent - AFTER)
        return np.concatenate([margin, *self.frames[:kept], margin])


class Segmenter:
    """Cuts a stream into segments of speech.

    Args:
        endpointing: seconds of silence that end a segment; None: only `finish` does.
        longest: seconds after which a segment ends at its next pause; half as much again, anyhow.
    """

    def __init__(self, endpointing: float | None, longest: float = 8.0) -> None:
        self.open: Segment | None = None
        self.seconds = 0.0
        """Of audio taken so far."""
        self._endpointing = endpointing
        self._longest = longest
        self._noise_db = -65.0
        self._rest: Audio = np.zeros(0, dtype=np.float32)
        self._recent: deque[tuple[Audio, bool]] = deque(maxlen=BEFORE)

    def feed(self, audio: Audio) -> list[tuple[Event, Segment]]:
        """What the audio brought about, in order. An ended segment is no longer `open`."""
        samples = np.concatenate([self._rest, audio])
        whole = len(samples) // FRAME * FRAME
        self._rest = samples[whole:]
        events: list[tuple[Event, Segment]] = []
        for frame in samples[:whole].reshape(-1, FRAME):
            self.seconds += SECONDS
            happened = self._continue(frame) if self.open else self._wait(frame)
            if happened:
                events.append(happened)
        return events

    def finish(self) -> Segment | None:
        """Ends the open segment here and hands it out."""
        segment, self.open = self.open, None
        return segment

    def _wait(self, frame: Audio) -> tuple[Event, Segment] | None:
        self._recent.append((frame, self._voiced(frame)))
        if sum(voiced for _, voiced in list(self._recent)[-5:]) < ONSET:
            return None
        self.open = Segment(
            start=self.seconds - len(self._recent) * SECONDS,
            frames=[frame for frame, _ in self._recent],
            voiced=sum(voiced for _, voiced in self._recent),
        )
        self._recent.clear()
        return Event.STARTED, self.open

    def _continue(self, frame: Audio) -> tuple[Event, Segment] | None:
        segment = self.open
        assert segment is not None
        segment.frames.append(frame)
        if self._voiced(frame):
            segment.voiced += 1
            segment.silent = 0
            if segment.seconds < self._longest * 1.5:
                return None
        else:
            segment.silent += 1
        if self._over(segment):
            self.open = None
            return Event.ENDED, segment
        return (Event.PAUSED, segment) if segment.silent == PAUSE else None

    def _over(self, segment: Segment) -> bool:
        silence = segment.silent * SECONDS
        if self._endpointing is not None and silence >= self._endpointing - SECONDS / 2:
            return True
        too_long = segment.seconds >= self._longest and segment.silent >= PAUSE
        return too_long or segment.seconds >= self._longest * 1.5

    def _voiced(self, frame: Audio) -> bool:
        level_db = 10 * float(np.log10(np.mean(np.square(frame)) + 1e-10))
        threshold = min(max(self._noise_db + OVER_NOISE_DB, QUIETEST_DB), LOUDEST_DB)
        self._noise_db = min(level_db, self._noise_db + NOISE_RISE_DB)
        return level_db > threshold
