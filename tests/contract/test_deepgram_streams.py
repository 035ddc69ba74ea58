"""What we rely on in Deepgram's two protocols, through its own SDK.

The stand-in must keep all of it. With ``DEEPGRAM_API_KEY`` set, so must the real service.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import numpy as np
import pytest

from rehearsal import mulaw
from rehearsal.deepgram.server import Options
from tests.rehearsal.deepgram.sdk import (
    ApiError,
    EventType,
    ListenSocket,
    ListenV1Metadata,
    ListenV1Results,
    SpeakSocket,
    SpeakV1Clear,
    SpeakV1Close,
    SpeakV1Flush,
    SpeakV1Flushed,
    SpeakV1Metadata,
    SpeakV1Text,
)
from tests.rehearsal.deepgram.serving import Service, clip, over_the_phone, packets, serving

KEY = os.environ.get("DEEPGRAM_API_KEY", "")
STT = {"model": "nova-3-general", "encoding": "linear16", "sample_rate": 8000, "punctuate": "true"}
TTS = {"model": "aura-2-theia-en", "encoding": "linear16", "sample_rate": 8000}
QUIET = np.zeros(1600, dtype=np.int16)


@dataclass(frozen=True)
class Vendor:
    service: Service
    key: str


@pytest.fixture(
    params=[
        "rehearsal",
        pytest.param(
            "deepgram",
            marks=[
                pytest.mark.enable_socket,
                pytest.mark.skipif(not KEY, reason="DEEPGRAM_API_KEY is not set"),
            ],
        ),
    ]
)
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[Vendor]:
    if request.param == "deepgram":
        yield Vendor(Service("api.deepgram.com", secure=True), KEY)
        return
    async with serving(options=Options(keys=frozenset({"rehearsal"}))) as service:
        yield Vendor(service, "rehearsal")


class Transcripts:
    """Reads a stream of ``/v1/listen`` and keeps what it says."""

    def __init__(self, stream: ListenSocket) -> None:
        self.stream = stream
        self.results: list[ListenV1Results] = []
        self.metadata: list[ListenV1Metadata] = []
        self.finalized = asyncio.Event()
        stream.on(EventType.MESSAGE, self._take)
        self.reading = asyncio.create_task(stream.start_listening())  # type: ignore[no-untyped-call]

    async def _take(self, message: object) -> None:
        if isinstance(message, ListenV1Results):
            self.results.append(message)
            if message.from_finalize:
                self.finalized.set()
        elif isinstance(message, ListenV1Metadata):
            self.metadata.append(message)

    async def play(self, name: str) -> None:
        samples = over_the_phone(clip(name))
        for packet in packets(np.concatenate([QUIET, samples, QUIET])):
            await self.stream.send_media(packet)

    async def finalize(self) -> None:
        self.finalized.clear()
        await self.stream.send_finalize()
        await asyncio.wait_for(self.finalized.wait(), 10)

    async def close(self) -> None:
        await self.stream.send_close_stream()
        await asyncio.wait_for(self.reading, 10)

    @property
    def said(self) -> str:
        """All finals, in bare words."""
        finals = [result for result in self.results if result.is_final]
        text = " ".join(result.channel.alternatives[0].transcript for result in finals)
        return " ".join(re.findall(r"\w+", text.lower()))


async def spoken(stream: SpeakSocket, text: str) -> tuple[bytes, SpeakV1Flushed]:
    """The audio of the text, and what confirmed that it was all."""
    await stream.send_text(SpeakV1Text(text=text))
    await stream.send_flush(SpeakV1Flush(type="Flush"))
    audio = b""
    while isinstance(message := await asyncio.wait_for(stream.recv(), 10), bytes):
        audio += message
    assert isinstance(message, SpeakV1Flushed)
    return audio, message


class TestListen:
    async def test_finalize_brings_the_words(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).listen.v1.connect(**STT) as stream:
            transcripts = Transcripts(stream)
            await transcripts.play("sarah-speaking")
            await transcripts.finalize()
            await transcripts.close()
        assert "this is sarah i have a minute" in transcripts.said
        assert len(transcripts.metadata) == 1

    async def test_a_final_is_complete(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).listen.v1.connect(**STT) as stream:
            transcripts = Transcripts(stream)
            await transcripts.play("wrong-number")
            await transcripts.finalize()
            await transcripts.close()
        final = next(r for r in transcripts.results if r.channel.alternatives[0].transcript)
        best = final.channel.alternatives[0]
        assert final.channel_index == [0, 1]
        assert final.metadata.request_id
        assert final.metadata.model_info.name
        assert 0 < best.confidence <= 1
        assert [word.punctuated_word for word in best.words] == best.transcript.split()
        ends = [word.end for word in best.words]
        assert ends == sorted(ends)
        assert final.start <= best.words[0].start
        assert ends[-1] <= final.start + final.duration

    async def test_finalize_with_nothing_open_is_answered(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).listen.v1.connect(**STT) as stream:
            transcripts = Transcripts(stream)
            for packet in packets(np.zeros(8000, dtype=np.int16)):
                await stream.send_media(packet)
            await transcripts.finalize()
            await transcripts.close()
        assert transcripts.said == ""

    async def test_interim_results_come_before_the_final(self, vendor: Vendor) -> None:
        asked = {**STT, "interim_results": "true", "endpointing": "false"}
        async with vendor.service.client(vendor.key).listen.v1.connect(**asked) as stream:
            transcripts = Transcripts(stream)
            samples = over_the_phone(clip("sarah-speaking"))
            for packet in packets(np.concatenate([QUIET, samples, QUIET]), seconds=0.1):
                await stream.send_media(packet)
                await asyncio.sleep(0.05)
            await transcripts.finalize()
            await transcripts.close()
        interim = [result for result in transcripts.results if not result.is_final]
        assert any(result.channel.alternatives[0].transcript for result in interim)
        assert not any(result.speech_final for result in interim)

    async def test_a_pause_ends_a_phrase_unless_switched_off(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).listen.v1.connect(
            **{**STT, "endpointing": 300}
        ) as stream:
            transcripts = Transcripts(stream)
            await transcripts.play("no-thanks")
            for packet in packets(np.zeros(8000, dtype=np.int16)):
                await stream.send_media(packet)
            await transcripts.close()
        assert any(result.speech_final for result in transcripts.results)
        assert "no thank you" in transcripts.said

    async def test_mulaw_is_understood(self, vendor: Vendor) -> None:
        asked = {**STT, "encoding": "mulaw"}
        async with vendor.service.client(vendor.key).listen.v1.connect(**asked) as stream:
            transcripts = Transcripts(stream)
            await stream.send_media(mulaw.encode(over_the_phone(clip("stop-calling"))))
            await transcripts.finalize()
            await transcripts.close()
        assert "stop calling me" in transcripts.said

    async def test_a_key_is_needed(self, vendor: Vendor) -> None:
        with pytest.raises(ApiError) as refusal:
            async with vendor.service.client("wrong").listen.v1.connect(**STT):
                pass
        assert refusal.value.status_code == 401

    async def test_an_unknown_model_is_refused(self, vendor: Vendor) -> None:
        with pytest.raises(ApiError) as refusal:
            async with vendor.service.client(vendor.key).listen.v1.connect(
                **{**STT, "model": "nova-9-general"}
            ):
                pass
        assert refusal.value.status_code == 400


class TestSpeak:
    async def test_a_flush_brings_the_audio_and_is_confirmed(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).speak.v1.connect(**TTS) as stream:
            first = await stream.recv()
            assert isinstance(first, SpeakV1Metadata)
            audio, flushed = await spoken(stream, "You have thirty days to return them.")
            _, again = await spoken(stream, "Goodbye.")
        assert 1.5 < len(audio) / 16_000 < 5
        assert again.sequence_id > flushed.sequence_id

    async def test_clear_is_confirmed_and_the_next_text_is_spoken(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).speak.v1.connect(**TTS) as stream:
            await stream.recv()
            await stream.send_text(SpeakV1Text(text="This is never heard"))
            await stream.send_clear(SpeakV1Clear(type="Clear"))
            while isinstance(message := await asyncio.wait_for(stream.recv(), 10), bytes):
                pass
            # The SDK takes it for a SpeakV1Flushed: the two differ in nothing but this.
            assert message.type == "Cleared"
            audio, _ = await spoken(stream, "Yes?")
            await stream.send_close(SpeakV1Close(type="Close"))
        assert 0.2 < len(audio) / 16_000 < 2

    async def test_mulaw_is_spoken(self, vendor: Vendor) -> None:
        async with vendor.service.client(vendor.key).speak.v1.connect(
            **{**TTS, "encoding": "mulaw"}
        ) as stream:
            await stream.recv()
            audio, _ = await spoken(stream, "Thank you for your time.")
        assert 1 < len(audio) / 8000 < 4
        assert np.abs(mulaw.decode(audio)).max() > 3000

    async def test_what_is_spoken_is_understood(self, vendor: Vendor) -> None:
        client = vendor.service.client(vendor.key)
        async with client.speak.v1.connect(**TTS) as stream:
            await stream.recv()
            audio, _ = await spoken(stream, "You have thirty days to return them, free of charge.")
        samples = np.frombuffer(audio, dtype="<i2")
        async with client.listen.v1.connect(**STT) as heard:
            transcripts = Transcripts(heard)
            for packet in packets(np.concatenate([QUIET, samples, QUIET])):
                await heard.send_media(packet)
            await transcripts.finalize()
            await transcripts.close()
        assert re.search("you have (thirty|30) days to return them", transcripts.said)

    async def test_a_key_is_needed(self, vendor: Vendor) -> None:
        with pytest.raises(ApiError) as refusal:
            async with vendor.service.client("wrong").speak.v1.connect(**TTS):
                pass
        assert refusal.value.status_code == 401


async def test_the_models_are_listed_to_a_key(vendor: Vendor) -> None:
    # Not through the SDK: its own HTTP client cannot be closed.
    async with httpx.AsyncClient(base_url=vendor.service.http) as http:
        headers = {"Authorization": f"Token {vendor.key}"}
        listed = (await http.get("/v1/models", headers=headers)).json()
        assert (await http.get("/v1/auth/token", headers=headers)).status_code == 200
        wrong = {"Authorization": "Token wrong"}
        assert (await http.get("/v1/auth/token", headers=wrong)).status_code == 401
    assert "nova-3" in {model["architecture"] for model in listed["stt"]}
    assert "aura-2-theia-en" in {model["canonical_name"] for model in listed["tts"]}
