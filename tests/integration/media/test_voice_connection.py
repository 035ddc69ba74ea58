"""A voice's connection breaks: everything is said, once and in its order, and nobody is told."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pipecat.frames.frames import (
    DataFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
)
from pipecat.services.deepgram.tts import DeepgramTTSSettings
from pipecat.tests.utils import SleepFrame, run_test
from websockets.asyncio.server import Server, ServerConnection, serve

from media_service.vendors import background, deepgram

BYTES_A_LETTER = int(16_000 / 15)


class Voice:
    """Deepgram's text to speech, as far as it takes; its sound comes at once.

    Attributes:
        said: the texts of all connections, whether they sounded or not.
        cut_at: the connection is torn once it has been asked so many times in all.
        sounding: the part of the sound of that text that comes before.
    """

    def __init__(self) -> None:
        self.said: list[str] = []
        self.flushed = 0
        self.cut_at = 0
        self.sounding = 0.0
        self.connections: list[ServerConnection] = []

    async def take(self, connection: ServerConnection) -> None:
        """One connection."""
        self.connections.append(connection)
        async for message in connection:
            asked = json.loads(message)
            if asked["type"] == "Speak":
                self.said.append(asked["text"].strip())
                sound = bytes(len(asked["text"]) * BYTES_A_LETTER // 2 * 2)
                if len(self.said) == self.cut_at:
                    if self.sounding:
                        await connection.send(sound[: int(len(sound) * self.sounding) // 2 * 2])
                        await asyncio.sleep(0.05)
                    connection.transport.abort()
                    return
                await connection.send(sound)
            elif asked["type"] == "Flush":
                self.flushed += 1
                await connection.send(json.dumps({"type": "Flushed", "sequence_id": 0}))

    def cut(self) -> None:
        """Tear the latest connection."""
        self.connections[-1].transport.abort()


@pytest.fixture
async def voice() -> AsyncIterator[tuple[Voice, Server]]:
    voice = Voice()
    async with serve(voice.take, "127.0.0.1", 0) as server:
        yield voice, server


@dataclass
class CutFrame(DataFrame):
    """The vendor's connection breaks when the voice has come to this, and what follows comes then.

    Attributes:
        seconds: later.
    """

    seconds: float = 0.0


async def said(voice: tuple[Voice, Server], *frames: Frame) -> list[Frame]:
    """What the pipeline is given for these frames. No error may come of them."""
    stand_in, server = voice
    port = server.sockets[0].getsockname()[1]

    class Tts(deepgram.Tts):
        async def process_frame(self, frame: Frame, direction: object) -> None:
            if isinstance(frame, CutFrame):
                stand_in.cut()
                await asyncio.sleep(frame.seconds)
            await super().process_frame(frame, direction)  # type: ignore[arg-type]

        async def push_error_frame(self, error: Frame, **_: object) -> None:
            raise AssertionError(str(error))

    tts = Tts(
        tls=ssl.create_default_context(), language="en", api_key="key",
        base_url=f"ws://127.0.0.1:{port}", sample_rate=8000,
        settings=DeepgramTTSSettings(voice="aura-2-theia-en"),
    )  # fmt: skip
    got, _ = await run_test(tts, frames_to_send=[SleepFrame(0.2), *frames, SleepFrame(0.8)])
    return list(got)


def answer(*sentences: str) -> list[Frame]:
    return [
        LLMFullResponseStartFrame(),
        *(LLMTextFrame(f"{sentence} ") for sentence in sentences),
        LLMFullResponseEndFrame(),
    ]


def sounds(frames: list[Frame]) -> list[str]:
    """The contexts of the sound, in order, each once."""
    found: list[str] = []
    for frame in frames:
        if isinstance(frame, TTSAudioRawFrame) and frame.context_id not in found:
            found.append(frame.context_id or "")
    return found


def stops(frames: list[Frame]) -> int:
    return sum(isinstance(frame, TTSStoppedFrame) for frame in frames)


async def test_it_breaks_before_anything_has_sounded(voice: tuple[Voice, Server]) -> None:
    voice[0].cut_at = 1
    frames = await said(voice, TTSSpeakFrame("Thank you, Sarah. Goodbye."))
    assert voice[0].said == ["Thank you, Sarah. Goodbye."] * 2
    assert (len(sounds(frames)), stops(frames)) == (1, 1)


async def test_it_breaks_in_the_middle(voice: tuple[Voice, Server]) -> None:
    voice[0].cut_at, voice[0].sounding = 1, 0.5
    frames = await said(voice, TTSSpeakFrame("One two three four five six seven eight."))
    first, rest = voice[0].said
    assert first.endswith(rest)
    assert rest.split()[0] in ("four", "five", "six")
    # In one piece, so that whatever follows it still does: the end of a call, after a goodbye.
    assert (len(sounds(frames)), stops(frames)) == (1, 1)


async def test_words_come_while_there_is_no_connection(voice: tuple[Voice, Server]) -> None:
    frames = await said(
        voice, CutFrame(0.05), TTSSpeakFrame("Your order is on its way."), *answer("And more.")
    )
    assert voice[0].said == ["Your order is on its way.", "And more."]
    assert (len(voice[0].connections), voice[0].flushed) == (2, 2)
    assert (len(sounds(frames)), stops(frames)) == (2, 2)


async def test_words_come_as_it_breaks(voice: tuple[Voice, Server]) -> None:
    frames = await said(voice, CutFrame(0), TTSSpeakFrame("Your order is on its way."))
    assert set(voice[0].said) == {"Your order is on its way."}
    assert (len(sounds(frames)), stops(frames)) == (1, 1)


async def test_a_second_sentence_waits_for_the_rest_of_the_first(
    voice: tuple[Voice, Server],
) -> None:
    voice[0].cut_at, voice[0].sounding = 1, 0.5
    frames = await said(
        voice,
        LLMFullResponseStartFrame(),
        LLMTextFrame("One two three four five six seven eight. "),
        SleepFrame(0.15),
        LLMTextFrame("Nine ten. "),
        LLMFullResponseEndFrame(),
    )
    first, rest = voice[0].said[0], " ".join(voice[0].said[1:])
    assert rest.endswith("eight. Nine ten.")
    assert first.endswith(rest.removesuffix(" Nine ten."))
    assert (len(sounds(frames)), stops(frames), voice[0].flushed) == (1, 1, 1)


async def test_words_come_while_a_vendors_class_connects_anew_by_itself(
    voice: tuple[Voice, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Cartesia's does, whose server closes what is idle."""
    receive, connect = deepgram.Tts._receive_messages, deepgram.Tts._websocket_connect

    async def again_and_again(self: deepgram.Tts) -> None:
        while True:
            await receive(self)
            await self._connect_websocket()

    async def slowly(self: deepgram.Tts, uri: str, **options: object) -> object:
        await asyncio.sleep(0.15 if voice[0].connections else 0)
        return await connect(self, uri, **options)

    monkeypatch.setattr(deepgram.Tts, "_receive_messages", again_and_again)
    monkeypatch.setattr(deepgram.Tts, "_websocket_connect", slowly)
    voice[0].cut = lambda: asyncio.ensure_future(voice[0].connections[-1].close())  # type: ignore[method-assign]
    frames = await said(voice, CutFrame(0.05), TTSSpeakFrame("Your order is on its way."))
    assert voice[0].said == ["Your order is on its way."]
    assert (len(voice[0].connections), len(sounds(frames)), stops(frames)) == (2, 1, 1)


async def test_who_interrupts_meanwhile_hears_no_rest(voice: tuple[Voice, Server]) -> None:
    voice[0].cut_at, voice[0].sounding = 1, 0.5
    await said(
        voice,
        TTSSpeakFrame("One two three four five six seven eight."),
        SleepFrame(background.PAUSE_SECONDS / 2),
        InterruptionFrame(),
        SleepFrame(0.5),
        TTSSpeakFrame("Yes?"),
    )
    assert voice[0].said[1:] == ["Yes?"]


async def test_all_has_sounded_and_only_its_end_is_missing(voice: tuple[Voice, Server]) -> None:
    voice[0].cut_at, voice[0].sounding = 1, 1.0
    frames = await said(voice, TTSSpeakFrame("One two three."), TTSSpeakFrame("Four."))
    assert voice[0].said == ["One two three.", "Four."]
    assert stops(frames) == 2
