"""A stored greeting before there is a pipeline."""

import asyncio
import threading

import pytest

from media_service.speaking import greeting as greeting_module
from media_service.speaking.greeting import PIECE, Prelude, stored
from tests.fakes import FakeGreetings


class Line:
    """Hears everything at once."""

    unplayed_seconds = 0.0

    def __init__(self) -> None:
        self.said: list[bytes] = []

    async def say(self, mulaw: bytes) -> None:
        self.said.append(mulaw)
        await asyncio.sleep(0)


def sound(pieces: float) -> bytes:
    return bytes(n % 251 for n in range(int(pieces * PIECE)))


@pytest.mark.parametrize("pieces", [0.1, 1, 1.5, 2, 7.25])
async def test_the_pipeline_is_left_the_last_of_it(pieces: float) -> None:
    line = Line()
    prelude = Prelude(line, sound(pieces))  # type: ignore[arg-type] # As much of one as it needs.
    async with asyncio.timeout(5):
        while len(line.said) < pieces - 1:
            await asyncio.sleep(0)
    sent, unsent = await prelude.hand_over()
    assert b"".join(line.said) == sent
    assert sent + unsent == sound(pieces)
    assert 0 < len(unsent) <= PIECE


async def test_no_more_than_a_little_ahead_of_what_is_heard() -> None:
    line = Line()
    line.unplayed_seconds = 30.0
    prelude = Prelude(line, sound(5))  # type: ignore[arg-type] # As much of one as it needs.
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(line.said) == 1
    # And who takes over does not wait for it.
    async with asyncio.timeout(5):
        sent, unsent = await prelude.hand_over()
    assert (len(sent), len(unsent)) == (PIECE, 4 * PIECE)
    again = await prelude.hand_over()
    assert again == (sent, unsent)


async def test_a_store_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting_module, "READ_SECONDS", 0.02)

    gone = threading.Event()

    class Hangs(FakeGreetings):
        def get(self, call_id: str) -> None:
            gone.wait(5)

    found = await stored(Hangs(), "01A")
    gone.set()
    assert (found.text, found.mulaw, found.context) == (None, b"", {})
