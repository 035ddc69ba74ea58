"""Sound that was made before the call, on its way through a running pipeline."""

from pipecat.audio.utils import create_stream_resampler, ulaw_to_pcm
from pipecat.frames.frames import (
    Frame,
    LLMAssistantPushAggregationFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)

from media_service.phone.twilio_serializer import SAMPLE_RATE
from media_service.phone.utterance import Utterance
from media_service.speaking.plain_text import plain_text


async def begun(text: str, sent: bytes) -> Utterance:
    """What is being said by it already; ``sent`` is mu-law."""
    utterance = Utterance()
    size = len(await _pcm(sent))
    utterance.add_text(await plain_text(text))
    utterance.add_sound(size)
    utterance.begin_at(size)
    return utterance


async def frames(unsent: bytes, context_id: str) -> list[Frame]:
    """The rest of it, as a voice's vendor would deliver it; ``unsent`` is mu-law."""
    found: list[Frame] = [TTSStartedFrame(context_id=context_id)]
    for start in range(0, len(unsent), SAMPLE_RATE):
        pcm = await _pcm(unsent[start : start + SAMPLE_RATE])
        found.append(TTSAudioRawFrame(pcm, SAMPLE_RATE, 1, context_id=context_id))
    return [*found, TTSStoppedFrame(context_id=context_id), LLMAssistantPushAggregationFrame()]


async def _pcm(mulaw: bytes) -> bytes:
    return bytes(await ulaw_to_pcm(mulaw, SAMPLE_RATE, SAMPLE_RATE, create_stream_resampler()))
