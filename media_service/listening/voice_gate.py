"""Whether somebody may be speaking: told from the raw sound, before more is done to it."""

from collections.abc import Callable

MAYBE = 0.2
"""Of Silero's confidence, from which on it may be a voice; the VAD itself asks for 0.7."""
HOLD_SECONDS = 0.5
"""After the last window that may be a voice: words fade out, and breath is drawn between them."""
WINDOW = 256
"""Samples of 16 bits that Silero looks at, at 8 kHz: 32 ms."""
_RATE = 8000


class VoiceGate:
    """One call's. Silero takes 0.1 ms for each 32 ms; RNNoise takes fifteen times as long.

    Args:
        confidence: of a window's 16-bit mono PCM at 8 kHz: 0 for no voice at all, 1 for a voice.
            It keeps a state from window to window.
    """

    def __init__(self, confidence: Callable[[bytes], float]) -> None:
        self._confidence = confidence
        self._pcm = b""
        self._held = 0

    def open(self, pcm: bytes) -> bool:
        """Whether what comes now, or came a moment ago, may be a voice."""
        self._pcm += pcm
        while len(self._pcm) >= 2 * WINDOW:
            window, self._pcm = self._pcm[: 2 * WINDOW], self._pcm[2 * WINDOW :]
            self._held -= WINDOW
            if self._confidence(window) >= MAYBE:
                self._held = int(HOLD_SECONDS * _RATE)
        return self._held > 0
