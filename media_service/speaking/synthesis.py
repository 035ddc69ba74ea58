"""Speech made ahead of its call: a text in, sound for the telephone out."""

import asyncio
import contextlib

from pipecat.audio.utils import create_stream_resampler, pcm_to_ulaw
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.tts_service import TTSService
from pipecat.workers.runner import WorkerRunner

from media_service.phone.twilio_serializer import SAMPLE_RATE


class SynthesisError(Exception):
    """The voice did not speak. The message quotes nothing of the text."""


class _Collector(FrameProcessor):
    """Behind the voice: keeps what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[TTSAudioRawFrame] = []
        self.spoken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Keep the sound; pass everything on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.pieces.append(frame)
        elif isinstance(frame, TTSStoppedFrame) and not self.spoken.done():
            self.spoken.set_result(None)
        await self.push_frame(frame, direction)

    async def fail(self, _: PipelineWorker, frame: ErrorFrame) -> None:
        """The voice cannot speak."""
        if not self.spoken.done():
            self.spoken.set_exception(SynthesisError(str(frame.category or "error")))


async def synthesize(voice: TTSService, text: str) -> bytes:
    """``text`` as this voice says it in a call: mu-law at 8 kHz.

    The service is used up by it. It runs in a pipeline of its own, as in a call, so that any
    vendor's will do.

    Raises:
        SynthesisError: the vendor failed, or nothing was heard.
    """
    collector = _Collector()
    worker = PipelineWorker(
        Pipeline([voice, collector]),
        params=PipelineParams(audio_out_sample_rate=SAMPLE_RATE),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    worker.add_event_handler("on_pipeline_error", collector.fail)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run(), name="synthesis")
    try:
        await worker.queue_frame(TTSSpeakFrame(text))
        await asyncio.wait({running, collector.spoken}, return_when=asyncio.FIRST_COMPLETED)
        if not collector.spoken.done():
            raise SynthesisError("the pipeline ended")
        collector.spoken.result()
    finally:
        await worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({running})
    if not collector.pieces:
        raise SynthesisError("no sound")
    return await _mulaw(collector.pieces)


async def _mulaw(pieces: list[TTSAudioRawFrame]) -> bytes:
    rate = pieces[0].sample_rate
    pcm = b"".join(piece.audio for piece in pieces)
    resampler = create_stream_resampler()
    pcm = await resampler.resample(pcm, rate, SAMPLE_RATE) + await resampler.flush()
    return bytes(await pcm_to_ulaw(pcm, SAMPLE_RATE, SAMPLE_RATE, resampler))
