"""The callee's sound as it comes off the line: how long it has been quiet, and when it beeped.

It is looked at before any noise filter, which takes a beep for noise. Its clock is the sound.
"""

import asyncio
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = 160
"""Samples that are looked at together: 20 ms, as Twilio sends them."""
FRAME_SECONDS = FRAME / RATE
LOUD = 260.0
"""RMS (of 32,768) from which on a frame is no silence: -42 dBFS. Speech on a phone line has -20 to
-30, its noise -50 and less."""

LOWEST_HERTZ, HIGHEST_HERTZ = 380.0, 2050.0
"""Between these are the beeps of answering machines, most of them at 1,000 or 1,400 Hz."""
BEEP_SECONDS = (0.18, 2.5)
"""How long a beep is. Shorter is a key or a vowel; longer a fax, or a tone of the network."""
PURE = 0.94
"""The share of a frame's energy that is in one tone. A vowel has more than one."""
DRIFT_HERTZ = 12.0
"""So little a tone's pitch moves from frame to frame; a voice's moves more."""
SWELL = 1.3
"""So little its loudness does; two tones at once beat."""
_POINTS = 1024
_WINDOW = np.hanning(FRAME)
_BIN = RATE / _POINTS
_LOBE = round(2 * RATE / FRAME / _BIN)
"""Half the width, in points of the spectrum, of what one tone fills under the window."""


def _table() -> NDArray[np.float64]:
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    size = (((mantissa << 3) + 132) << exponent) - 132
    return np.where(code & 128, -size, size).astype(np.float64)


_LINEAR = _table()
"""What each mu-law byte stands for (ITU-T G.711)."""


class LineSound:
    """Fed with what the line brings.

    Args:
        beeped: called with its length in seconds once a beep is over.

    Attributes:
        seconds: of sound so far.
        quiet_seconds: since the last frame that was no silence.
        sounded: whether there was any.
    """

    def __init__(
        self,
        beeped: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.seconds = 0.0
        self.quiet_seconds = 0.0
        self.sounded = False
        self._beeped = beeped
        self._left = b""
        self._awaited: list[tuple[Callable[[], bool], float, asyncio.Future[bool]]] = []
        self._tone = 0
        """Frames that the present tone has lasted."""
        self._hertz = 0.0
        self._loudness = 0.0

    @property
    def in_tone(self) -> bool:
        """Whether what is heard may be a beep."""
        return self._tone * FRAME_SECONDS >= BEEP_SECONDS[0]

    def feed(self, mulaw: bytes) -> None:
        """More of the sound (mu-law, 8 kHz)."""
        sound = self._left + mulaw
        whole = len(sound) // FRAME * FRAME
        self._left = sound[whole:]
        for start in range(0, whole, FRAME):
            self._look(_LINEAR[np.frombuffer(sound, np.uint8, FRAME, start)])
            self._settle()

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so, or until so much more sound has come. Whether it is so."""
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._awaited.append((true, self.seconds + seconds, waiting))
        return await waiting

    def _settle(self) -> None:
        for each in list(self._awaited):
            true, until, waiting = each
            if waiting.done() or true() or self.seconds >= until:
                self._awaited.remove(each)
                if not waiting.done():
                    waiting.set_result(true())

    def _look(self, frame: NDArray[np.float64]) -> None:
        self.seconds += FRAME_SECONDS
        loudness = float(np.sqrt(np.mean(frame * frame)))
        if loudness < LOUD:
            self.quiet_seconds += FRAME_SECONDS
            self._end()
            return
        self.quiet_seconds, self.sounded = 0.0, True
        hertz = _pitch(frame)
        if hertz is None:
            self._end()
        elif self._tone and abs(hertz - self._hertz) <= DRIFT_HERTZ and self._steady(loudness):
            self._tone += 1
        else:
            self._end()
            self._tone = 1
        self._hertz, self._loudness = hertz or 0.0, loudness

    def _steady(self, loudness: float) -> bool:
        if self._tone == 1:
            return True  # The first frame of a tone is cut by its beginning.
        return 1 / SWELL <= loudness / self._loudness <= SWELL

    def _end(self) -> None:
        seconds, self._tone = self._tone * FRAME_SECONDS, 0
        if BEEP_SECONDS[0] <= seconds <= BEEP_SECONDS[1]:
            self._beeped(seconds)


def _pitch(frame: NDArray[np.float64]) -> float | None:
    """The one tone that a frame consists of; None, if it does not, or not of a beep's."""
    power = np.abs(np.fft.rfft(frame * _WINDOW, _POINTS)) ** 2
    peak = int(np.argmax(power))
    if not LOWEST_HERTZ <= peak * _BIN <= HIGHEST_HERTZ:
        return None
    share = float(power[max(0, peak - _LOBE) : peak + _LOBE + 1].sum() / power.sum())
    if share < PURE:
        return None
    before, at, after = np.log(power[peak - 1 : peak + 2] + 1e-9)
    return float((peak + 0.5 * (before - after) / (before - 2 * at + after)) * _BIN)
