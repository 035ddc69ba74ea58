import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rehearsal.deepgram.handshake import SpeakRequest
from rehearsal.deepgram.speaker import Speaker
from tests.rehearsal.deepgram.fakes import FakeClock, FakeVoice, settle

QUERY = {"model": "aura-2-theia-en", "encoding": "linear16", "sample_rate": "8000"}


class Stream:
    """A speaker at work, and what it sent: the audio by its seconds."""

    def __init__(self, delay: float = 0.0, **query: str) -> None:
        self.voice = FakeVoice()
        self.clock = FakeClock()
        self.sent: list[Any] = []
        asked = SpeakRequest.of({**QUERY, **query})
        self.speaker = Speaker(asked, "id", self.voice, self.clock, self._send, delay)
        self.working = asyncio.create_task(self.speaker.work())

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.sent.append(len(message) / 16_000)
        else:
            self.sent.append(json.loads(message))
        await asyncio.sleep(0)

    async def command(self, kind: str, **more: str) -> None:
        self.speaker.obey(json.dumps({"type": kind, **more}))
        await settle()

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.sent if isinstance(message, dict)]

    @property
    def seconds(self) -> float:
        return sum(message for message in self.sent if isinstance(message, float))


@pytest.fixture
async def opened() -> AsyncIterator[list[Stream]]:
    streams: list[Stream] = []
    yield streams
    for stream in streams:
        stream.working.cancel()


async def test_metadata_comes_first(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    await settle()
    assert stream.kinds == ["Metadata"]
    assert stream.sent[0]["model_name"] == "aura-2-theia-en"


async def test_text_waits_for_its_sentence_or_a_flush(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    for text in ("Of cou", "rse. Thirty ", "days. Any", "thing else?"):
        await stream.command("Speak", text=text)
    assert stream.voice.said == ["Of course.", "Thirty days."]
    await stream.command("Flush")
    assert stream.voice.said == ["Of course.", "Thirty days.", "Anything else?"]
    assert stream.sent[-1] == {"type": "Flushed", "sequence_id": 0}
    assert stream.seconds == pytest.approx(3.6)


async def test_the_audio_comes_in_pieces(opened: list[Stream]) -> None:
    opened.append(stream := Stream(encoding="linear16"))
    await stream.command("Speak", text="Hello")
    await stream.command("Flush")
    assert stream.sent[1:-1] == [pytest.approx(0.1)] * 5


async def test_clear_drops_what_was_not_sent(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    stream.voice.gate.clear()
    await stream.command("Speak", text="Of course. Thirty days.")
    await stream.command("Flush")
    await stream.command("Clear")
    stream.voice.gate.set()
    await settle()
    assert stream.kinds == ["Metadata", "Cleared"], "nor is the flush confirmed"
    assert stream.seconds == 0
    await stream.command("Speak", text="Yes?")
    await stream.command("Flush")
    assert stream.voice.said[-1] == "Yes?"
    assert stream.kinds == ["Metadata", "Cleared", "Flushed"]


async def test_every_flush_and_clear_has_its_number(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    for kind in ("Flush", "Clear", "Flush"):
        await stream.command(kind)
    assert [message["sequence_id"] for message in stream.sent[1:]] == [0, 1, 2]


async def test_a_slower_service_is_slow_once_a_reply(opened: list[Stream]) -> None:
    opened.append(stream := Stream(delay=0.5))
    for _ in range(2):
        said = stream.seconds
        await stream.command("Speak", text="One. Two. ")
        await stream.command("Flush")
        assert stream.seconds == said
        await stream.clock.advance(0.5)
        assert stream.seconds == pytest.approx(said + 0.8)


async def test_a_message_that_is_not_understood_is_told(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    for text in ("{", "[]", '{"type": "Dance"}', '{"type": "Speak"}', '{"type": []}'):
        stream.speaker.obey(text)
    await settle()
    assert stream.kinds == ["Metadata"] + ["Warning"] * 5


async def test_close_ends_the_stream(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    await stream.command("Close")
    await stream.working
