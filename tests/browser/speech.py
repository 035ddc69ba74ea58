"""What a browser's microphone plays: shipped clips, each at its second."""

import wave
from pathlib import Path

import numpy as np

VOICES = Path("rehearsal/voices")
RATE = 16000


def write(path: Path, *clips: tuple[float, str], seconds: float = 180) -> Path:
    """A WAV file with these clips, and silence between them and after them.

    Args:
        clips: From which second on to play which clip of ``rehearsal/voices``.
        seconds: The length of it all.
    """
    samples = np.zeros(int(seconds * RATE), np.int16)
    for at, name in clips:
        with wave.open(str(VOICES / f"{name}.wav")) as file:
            assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
            clip = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        begin = int(at * RATE)
        samples[begin : begin + len(clip)] = clip
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
