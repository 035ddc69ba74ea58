"""Between frames and the line."""

import pytest
from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    EndFrame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
)

from media_service.phone.line import CLEAR
from media_service.phone.twilio_serializer import TwilioSerializer


@pytest.fixture
def serializer() -> TwilioSerializer:
    return TwilioSerializer()


async def test_sound_comes_in_as_pcm(serializer: TwilioSerializer) -> None:
    frame = await serializer.deserialize(b"\xff" * 160)
    assert isinstance(frame, InputAudioRawFrame)
    assert (frame.sample_rate, frame.num_channels, frame.audio) == (8000, 1, bytes(320))


async def test_sound_goes_out_as_mulaw(serializer: TwilioSerializer) -> None:
    assert await serializer.serialize(OutputAudioRawFrame(bytes(320), 8000, 1)) == b"\xff" * 160


async def test_mulaw_survives_both_ways(serializer: TwilioSerializer) -> None:
    every = bytes(range(256))
    frame = await serializer.deserialize(every)
    assert isinstance(frame, InputAudioRawFrame)
    back = await serializer.serialize(OutputAudioRawFrame(frame.audio, 8000, 1))
    assert isinstance(back, bytes)
    # Mu-law has two zeros.
    assert back.replace(b"\xff", b"\x7f") == every.replace(b"\xff", b"\x7f")


async def test_no_sound_is_no_message(serializer: TwilioSerializer) -> None:
    assert await serializer.serialize(OutputAudioRawFrame(b"", 8000, 1)) is None


async def test_an_interruption_clears(serializer: TwilioSerializer) -> None:
    assert await serializer.serialize(InterruptionFrame()) == CLEAR


@pytest.mark.parametrize("frame", [EndFrame(), OutputTransportMessageFrame({"a": 1})], ids=str)
async def test_nothing_else_goes_out(serializer: TwilioSerializer, frame: EndFrame) -> None:
    assert await serializer.serialize(frame) is None


@pytest.mark.parametrize("key", list("0123456789*#"))
async def test_keys(serializer: TwilioSerializer, key: str) -> None:
    frame = await serializer.deserialize(key)
    assert isinstance(frame, InputDTMFFrame)
    assert frame.button == KeypadEntry(key)


async def test_a_key_that_pipecat_does_not_know(serializer: TwilioSerializer) -> None:
    assert await serializer.deserialize("A") is None
