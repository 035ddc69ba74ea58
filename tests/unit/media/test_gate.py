"""What is held back, and what passes."""

from collections.abc import Sequence

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.tests.utils import SleepFrame, run_test

from media_service.answering.ear import Ear
from media_service.answering.gate import Gate
from media_service.frames import LastWordFrame


def speech() -> list[Frame]:
    return [TTSStartedFrame(), TTSAudioRawFrame(b"\0\0" * 80, 8000, 1), TTSStoppedFrame()]


def kinds(frames: Sequence[Frame]) -> list[type[Frame]]:
    return [type(frame) for frame in frames]


SPEECH = [TTSStartedFrame, TTSAudioRawFrame, TTSStoppedFrame]


async def test_it_is_open() -> None:
    down, _ = await run_test(Gate(), frames_to_send=speech())
    assert kinds(down) == SPEECH


async def test_it_holds() -> None:
    gate = Gate()
    gate.hold()
    down, _ = await run_test(gate, frames_to_send=[*speech(), InterruptionFrame()])
    assert kinds(down) == [InterruptionFrame]


class Releasing(Gate):
    """Lets everything go when told by a frame."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, OutputAudioRawFrame) and not isinstance(frame, TTSAudioRawFrame):
            await self.release()
        await super().process_frame(frame, direction)


async def test_what_was_held_comes_in_its_order() -> None:
    gate = Releasing()
    gate.hold()
    word = OutputAudioRawFrame(b"", 8000, 1)
    down, _ = await run_test(gate, frames_to_send=[*speech(), LastWordFrame(), word, *speech()])
    assert kinds(down) == [*SPEECH, LastWordFrame, OutputAudioRawFrame, *SPEECH]


async def test_an_interruption_clears_what_was_held_but_for_a_last_word() -> None:
    gate = Releasing()
    gate.hold()
    sent = [
        *speech(), LastWordFrame(), SleepFrame(0.05), InterruptionFrame(), SleepFrame(0.05),
        OutputAudioRawFrame(b"", 8000, 1),
    ]  # fmt: skip
    down, _ = await run_test(gate, frames_to_send=sent)
    assert kinds(down) == [InterruptionFrame, LastWordFrame, OutputAudioRawFrame]


async def test_the_ear_tells_words_and_passes_everything() -> None:
    heard: list[object] = []
    ear = Ear(lambda text, final: heard.append((text, final)), heard.append)
    sent = [InterimTranscriptionFrame("He", "", ""), TranscriptionFrame("Hello.", "", "")]
    down, _ = await run_test(ear, frames_to_send=sent)
    assert heard == [("He", False), ("Hello.", True)]
    assert kinds(down) == kinds(sent)


async def test_the_ear_tells_the_voice_once() -> None:
    """It is broadcast: one of the two frames comes from behind."""
    heard: list[object] = []
    ear = Ear(lambda *_: None, heard.append)
    sent = [VADUserStartedSpeakingFrame(), VADUserStoppedSpeakingFrame()]
    await run_test(ear, frames_to_send=sent)
    assert heard == []
    await run_test(ear, frames_to_send=sent, frames_to_send_direction=FrameDirection.UPSTREAM)
    assert heard == [True, False]


async def test_the_listener_is_made_to_settle() -> None:
    class Settling(Ear):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, TranscriptionFrame):
                await self.settle()
            await super().process_frame(frame, direction)

    ear = Settling(lambda *_: None, lambda _: None)
    _, up = await run_test(ear, frames_to_send=[TranscriptionFrame("x", "", "")])
    assert kinds(up) == [VADUserStoppedSpeakingFrame, VADUserStartedSpeakingFrame]
