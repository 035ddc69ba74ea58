"""The stored greeting at the start of a stream: heard before there is any pipeline."""

import asyncio
import logging

from calls.greeting import Greeting
from calls.ports import Greetings
from media_service.phone.line import BYTES_PER_SECOND, Line

log = logging.getLogger(__name__)

PIECE = BYTES_PER_SECOND // 10
"""Bytes sent at once."""
AHEAD_SECONDS = 0.2
"""So much is sent ahead of what is heard: more than the network may stumble, and than the
pipeline may take to begin."""
READ_SECONDS = 1.0
"""For the stored greeting: without one, a voice answers in about that time."""


async def stored(greetings: Greetings, call_id: str) -> Greeting:
    """What was prepared for the call; an empty one, if nothing was or it cannot be read."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await asyncio.to_thread(greetings.get, call_id) or Greeting()
    except Exception:
        # The call goes on without it.
        log.exception("a greeting could not be read", extra={"call_id": call_id})
        return Greeting()


class Prelude:
    """Plays a greeting straight to the line, until the pipeline is there to go on with it.

    The pipeline is always left the last of it, however long it takes: what follows on a greeting's
    end (marks, idle, the turn's words) is the pipeline's to do.
    """

    def __init__(self, line: Line, mulaw: bytes) -> None:
        self._line = line
        self._mulaw = mulaw
        self._sent = 0
        self._over = asyncio.Event()
        self._playing = asyncio.create_task(self._play(), name="prelude")

    async def hand_over(self) -> tuple[bytes, bytes]:
        """Stop after the present piece: the sound that went out, and the sound that did not."""
        self._over.set()
        await asyncio.wait({self._playing})
        return self._mulaw[: self._sent], self._mulaw[self._sent :]

    async def _play(self) -> None:
        while not self._over.is_set() and self._sent + PIECE < len(self._mulaw):
            piece = self._mulaw[self._sent : self._sent + PIECE]
            self._sent += PIECE
            await self._line.say(piece)
            await self._wait(self._line.unplayed_seconds - AHEAD_SECONDS)

    async def _wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return
