"""A call's recording, listened to: each side's words by the embedded recognizer."""

import asyncio
import io
import wave
from dataclasses import dataclass

import numpy as np
import soxr

from rehearsal.deepgram.recognizer import Moonshine
from rehearsal.deepgram.segmenter import RATE

_PIECE_SECONDS = 8.0
"""Cut in the quietest place near here: the model is made for single utterances."""


@dataclass(frozen=True)
class Heard:
    """What each side said, in words without punctuation, and how long the call was."""

    callee: str
    agent: str
    seconds: float


def listen(wav: bytes) -> Heard:
    """Transcribe a dual-channel recording: callee left, agent right, 8 kHz, 16 bits."""
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        frames = file.readframes(file.getnframes())
    sides = np.frombuffer(frames, dtype="<i2").reshape(-1, 2).T.astype(np.float32) / 32768
    model = Moonshine()
    try:
        callee, agent = (_words(model, side) for side in sides)
    finally:
        model.close()
    return Heard(callee, agent, sides.shape[1] / 8000)


def _words(model: Moonshine, side: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> str:
    audio = soxr.resample(side, 8000, RATE).astype(np.float32)
    words = [asyncio.run(model.transcribe(piece)) for piece in _utterances(audio)]
    return " ".join(words).lower().replace(",", "").replace(".", "").replace("?", "")


def _utterances(audio: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> list[np.ndarray]:  # type: ignore[type-arg]
    """The stretches of sound, parted at half a second of quiet or at the quietest place."""
    step = RATE // 50
    loud = np.array(
        [np.abs(audio[i : i + step]).max(initial=0) > 0.02 for i in range(0, len(audio), step)]
    )
    pieces, begun, quiet = [], None, 0
    for number, is_loud in enumerate(loud):
        if is_loud:
            begun = number if begun is None else begun
            quiet = 0
        elif begun is not None:
            quiet += 1
            long = (number - begun) / 50 > _PIECE_SECONDS
            if quiet >= 25 or (long and quiet >= 5):
                pieces.append(audio[max(begun - 5, 0) * step : number * step])
                begun, quiet = None, 0
    if begun is not None:
        pieces.append(audio[max(begun - 5, 0) * step :])
    return pieces
