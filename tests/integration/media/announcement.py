"""What machines say into a phone, in the voice of the stand-in, and their beep."""

import json
from functools import cache

import numpy as np
from websockets.sync.client import connect

from tests.integration.media.phone import mulaw

QUIET = b"\xff" * 800
"""A tenth of a second."""


@cache
def spoken(deepgram: str, text: str) -> bytes:
    """The text as sound (mu-law, 8 kHz)."""
    query = "model=aura-2-theia-en&encoding=mulaw&sample_rate=8000"
    sound = b""
    with connect(
        f"{deepgram}/v1/speak?{query}", additional_headers={"Authorization": "Token key"}
    ) as socket:
        socket.send(json.dumps({"type": "Speak", "text": text}))
        socket.send(json.dumps({"type": "Flush"}))
        while True:
            message = socket.recv()
            if isinstance(message, bytes):
                sound += message
            elif json.loads(message)["type"] == "Flushed":
                return sound


def beep() -> bytes:
    """1 kHz, 0.4 s."""
    time = np.arange(3200) / 8000
    return mulaw((8000 * np.sin(2 * np.pi * 1000 * time)).astype(np.int16))
