"""Pipecat's own Deepgram services against the stand-in: what the product really runs."""

import warnings
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest

from tests.rehearsal.deepgram.serving import Service, clip, over_the_phone, packets, serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pipecat.frames.frames import (
        Frame,
        InputAudioRawFrame,
        InterimTranscriptionFrame,
        LLMFullResponseEndFrame,
        LLMFullResponseStartFrame,
        LLMTextFrame,
        TranscriptionFrame,
        TTSAudioRawFrame,
        TTSStoppedFrame,
        VADUserStoppedSpeakingFrame,
    )
    from pipecat.observers.base_observer import BaseObserver, FramePushed
    from pipecat.pipeline.worker import PipelineParams
    from pipecat.services.deepgram.stt import DeepgramSTTService
    from pipecat.services.deepgram.tts import DeepgramTTSService
    from pipecat.tests.utils import SleepFrame, run_test

# Whatever Pipecat itself warns of is not this test's affair.
pytestmark = pytest.mark.filterwarnings("ignore")

PHONE = PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000)


class Awaited(BaseObserver):
    """Looks out for a kind of frame, so that no test has to guess how long it takes."""

    def __init__(self, kind: type[Frame]) -> None:
        super().__init__()
        self._kind = kind
        self._seen = False

    async def on_push_frame(self, data: FramePushed) -> None:
        self._seen = self._seen or isinstance(data.frame, self._kind)

    def frames(self) -> Iterator[Frame]:
        """Pauses, until it was seen or 10 s are over."""
        for _ in range(200):
            if self._seen:
                return
            yield SleepFrame(0.05)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serving() as service:
        yield service


async def test_the_words_come_with_the_end_of_the_turn(service: Service) -> None:
    stt = DeepgramSTTService(
        api_key="rehearsal",
        base_url=service.ws,
        sample_rate=8000,
        settings=DeepgramSTTService.Settings(endpointing=False),
    )
    quiet = np.zeros(1600, dtype=np.int16)
    samples = np.concatenate([quiet, over_the_phone(clip("sarah-speaking")), quiet])
    transcript = Awaited(TranscriptionFrame)

    def turn() -> Iterator[Frame]:
        for packet in packets(samples, seconds=0.1):
            yield InputAudioRawFrame(packet, 8000, 1)
            yield SleepFrame(0.04)
        yield VADUserStoppedSpeakingFrame()
        yield from transcript.frames()

    down, _ = await run_test(
        stt,
        frames_to_send=turn(),  # type: ignore[arg-type]
        observers=[transcript],
        pipeline_params=PHONE,
        start_timeout=5,
    )
    (said,) = [frame for frame in down if isinstance(frame, TranscriptionFrame)]
    assert said.text == "Hi, yes, this is Sarah. I have a minute."
    assert said.finalized
    assert any(isinstance(frame, InterimTranscriptionFrame) for frame in down)


async def test_a_reply_is_spoken_to_its_end(service: Service) -> None:
    tts = DeepgramTTSService(
        api_key="rehearsal",
        base_url=service.ws,
        sample_rate=8000,
        settings=DeepgramTTSService.Settings(voice="aura-2-theia-en"),
    )
    end = Awaited(TTSStoppedFrame)

    def reply() -> Iterator[Frame]:
        yield LLMFullResponseStartFrame()
        yield LLMTextFrame("Of course. You have thirty days. ")
        yield LLMTextFrame("Is there anything else?")
        yield LLMFullResponseEndFrame()
        yield from end.frames()

    down, _ = await run_test(
        tts,
        frames_to_send=reply(),  # type: ignore[arg-type]
        observers=[end],
        pipeline_params=PHONE,
        start_timeout=5,
    )
    audio = b"".join(frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame))
    assert 3 < len(audio) / 16_000 < 8
    assert any(isinstance(frame, TTSStoppedFrame) for frame in down)
