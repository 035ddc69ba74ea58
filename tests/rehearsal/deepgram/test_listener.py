import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rehearsal.deepgram.handshake import ListenRequest
from rehearsal.deepgram.listener import IdleError, Listener
from tests.rehearsal.deepgram.fakes import FakeClock, FakeRecognizer, pcm, settle, silence, tone

QUERY = {"model": "nova-3", "encoding": "linear16", "sample_rate": "16000", "punctuate": "true"}


class Stream:
    """A listener at work, and what it sent."""

    def __init__(self, delay: float = 0.0, **query: str) -> None:
        self.recognizer = FakeRecognizer()
        self.clock = FakeClock()
        self.sent: list[dict[str, Any]] = []
        asked = ListenRequest.of({**QUERY, **query})
        self.listener = Listener(asked, "id", self.recognizer, self.clock, self._send, delay)
        self.working = asyncio.create_task(self.listener.work())

    async def _send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def hear(self, *audio: Any) -> None:
        for piece in audio:
            for at in range(0, len(piece), 320):
                self.listener.hear(pcm(piece[at : at + 320]))
                await settle()

    async def command(self, kind: str) -> None:
        self.listener.obey(json.dumps({"type": kind}))
        await settle()

    @property
    def transcripts(self) -> list[tuple[bool, str]]:
        return [
            (message["is_final"], message["channel"]["alternatives"][0]["transcript"])
            for message in self.sent
            if message["type"] == "Results"
        ]


@pytest.fixture
async def opened() -> AsyncIterator[list[Stream]]:
    streams: list[Stream] = []
    yield streams
    for stream in streams:
        stream.listener.stop()
        stream.working.cancel()


async def test_a_pause_ends_a_phrase(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    await stream.hear(tone(1), silence(1))
    (final,) = stream.sent
    assert final["is_final"]
    assert final["speech_final"]
    assert not final["from_finalize"]
    assert final["start"] == 0


async def test_finalize_closes_the_open_phrase(opened: list[Stream]) -> None:
    opened.append(stream := Stream(endpointing="false"))
    await stream.hear(tone(1.5), silence(1))
    assert stream.sent == []
    await stream.command("Finalize")
    (final,) = stream.sent
    assert (final["is_final"], final["from_finalize"]) == (True, True)
    assert final["channel"]["alternatives"][0]["transcript"] == "Word. Word."


async def test_finalize_with_nothing_open_is_answered_empty(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    await stream.hear(tone(1), silence(1))
    await stream.command("Finalize")
    first, empty = stream.sent
    assert empty["channel"]["alternatives"][0]["transcript"] == ""
    assert (empty["is_final"], empty["from_finalize"]) == (True, True)
    assert empty["start"] == first["start"] + first["duration"]


async def test_the_words_are_ready_when_finalize_comes_after_a_pause(opened: list[Stream]) -> None:
    opened.append(stream := Stream(endpointing="false"))
    await stream.hear(tone(1), silence(0.2))
    assert len(stream.recognizer.heard) == 1
    await stream.command("Finalize")
    assert len(stream.recognizer.heard) == 1
    assert stream.transcripts == [(True, "Word. Word.")]


async def test_nothing_is_transcribed_ahead_where_others_wait(opened: list[Stream]) -> None:
    opened.append(stream := Stream(endpointing="false"))
    stream.recognizer.busy = True
    await stream.hear(tone(1), silence(0.2))
    assert stream.recognizer.heard == []


async def test_more_words_after_the_pause_are_not_lost(opened: list[Stream]) -> None:
    opened.append(stream := Stream(endpointing="false"))
    await stream.hear(tone(1), silence(0.2), tone(1))
    await stream.command("Finalize")
    assert len(stream.recognizer.heard) == 2
    assert stream.recognizer.heard[1] > 2.2


async def test_interim_results_come_twice_a_second_at_first(opened: list[Stream]) -> None:
    opened.append(stream := Stream(interim_results="true", endpointing="false"))
    await stream.hear(silence(1), tone(1.7))
    assert len(stream.transcripts) == 3
    await stream.hear(tone(3))
    assert len(stream.transcripts) == 5
    assert not any(final for final, _ in stream.transcripts)


async def test_interim_results_are_left_out_under_load(opened: list[Stream]) -> None:
    opened.append(stream := Stream(interim_results="true", endpointing="false"))
    stream.recognizer.idle = False
    await stream.hear(tone(3))
    assert stream.sent == []
    await stream.command("Finalize")
    assert [final for final, _ in stream.transcripts] == [True]


async def test_no_interim_result_follows_its_final(opened: list[Stream]) -> None:
    opened.append(stream := Stream(interim_results="true", endpointing="false"))
    stream.recognizer.gate.clear()
    await stream.hear(tone(1.2))
    await stream.command("Finalize")
    stream.recognizer.gate.set()
    await settle()
    assert [final for final, _ in stream.transcripts] == [True]


async def test_without_punctuation_the_words_are_bare(opened: list[Stream]) -> None:
    opened.append(stream := Stream(punctuate="false"))
    await stream.hear(tone(0.7), silence(1))
    (final,) = stream.sent
    assert final["channel"]["alternatives"][0]["transcript"] == "word"
    assert "punctuated_word" not in final["channel"]["alternatives"][0]["words"][0]


async def test_the_beginning_of_speech_is_reported_where_asked(opened: list[Stream]) -> None:
    opened.append(stream := Stream(vad_events="true"))
    await stream.hear(silence(1), tone(1))
    assert [message["type"] for message in stream.sent] == ["SpeechStarted"]


async def test_close_stream_says_all_and_ends(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    await stream.hear(tone(1))
    await stream.command("CloseStream")
    assert [message["type"] for message in stream.sent] == ["Results", "Metadata"]
    assert stream.sent[1]["duration"] == pytest.approx(1, abs=0.01)
    await stream.working


async def test_a_message_that_is_not_understood_is_told(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    for text in ("{", "[]", '{"type": "Dance"}'):
        stream.listener.obey(text)
    await settle()
    assert [message["type"] for message in stream.sent] == ["Error"] * 3


async def test_a_slower_service(opened: list[Stream]) -> None:
    opened.append(stream := Stream(delay=0.5))
    await stream.hear(tone(1))
    await stream.command("Finalize")
    await stream.clock.advance(0.4)
    assert stream.sent == []
    await stream.clock.advance(0.2)
    assert len(stream.sent) == 1


async def test_ten_idle_seconds_end_the_stream(opened: list[Stream]) -> None:
    opened.append(stream := Stream())
    watching = asyncio.create_task(stream.listener.watch())
    await settle()
    await stream.clock.advance(9)
    await stream.command("KeepAlive")
    await stream.clock.advance(9)
    await stream.hear(silence(0.02))
    await stream.clock.advance(9)
    await stream.command("Finalize")
    assert not watching.done()
    await stream.clock.advance(1.1)
    with pytest.raises(IdleError):
        await watching
