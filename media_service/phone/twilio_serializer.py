"""Between Pipecat's frames and the line: PCM and mu-law, keys, and the `clear` of an interruption.

Pipecat's own Twilio serializer hangs up by itself, and takes the sound of any stream and track for
the callee's; here the line has checked both before anything arrives.
"""

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.audio.utils import create_stream_resampler, pcm_to_ulaw, ulaw_to_pcm
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer

from media_service.phone.line import CLEAR

SAMPLE_RATE = 8000
"""The pipeline's rate in both directions, which is Twilio's: nothing is resampled here."""


class TwilioSerializer(FrameSerializer):
    """Frames for a :class:`~media_service.phone.line.Line`."""

    def __init__(self) -> None:
        super().__init__()
        # The codec's signature asks for resamplers; at equal rates they pass everything on.
        self._in = create_stream_resampler()
        self._out = create_stream_resampler()

    async def serialize(self, frame: Frame) -> str | bytes | None:
        """Mu-law for sound, CLEAR for an interruption, nothing for all else."""
        if isinstance(frame, OutputAudioRawFrame):
            return await pcm_to_ulaw(frame.audio, frame.sample_rate, SAMPLE_RATE, self._out) or None
        if isinstance(frame, InterruptionFrame):
            return CLEAR
        return None

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """The callee's sound (bytes: mu-law) or key (text)."""
        if isinstance(data, str):
            # Keys A to D are Twilio's but not Pipecat's.
            return InputDTMFFrame(KeypadEntry(data)) if data in set(KeypadEntry) else None
        pcm = await ulaw_to_pcm(data, SAMPLE_RATE, SAMPLE_RATE, self._in)
        return InputAudioRawFrame(audio=pcm, num_channels=1, sample_rate=SAMPLE_RATE)
