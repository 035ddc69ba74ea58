"""Keys and words are told, and pass."""

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import InputDTMFFrame, TranscriptionFrame
from pipecat.tests.utils import run_test

from media_service.listening.hearing import Hearing


async def test_keys_and_words_are_told_and_pass() -> None:
    told: list[tuple[str, str]] = []
    hearing = Hearing(
        lambda key: bool(told.append(("key", key))) or key != "9",
        lambda words: told.append(("words", words)),
    )
    frames = [
        InputDTMFFrame(KeypadEntry.STAR),
        InputDTMFFrame(KeypadEntry.NINE),
        TranscriptionFrame("Stop.", "", ""),
    ]
    down, _ = await run_test(hearing, frames_to_send=frames)
    assert sorted(told) == [("key", "*"), ("key", "9"), ("words", "Stop.")]
    # One key has done its work.
    keys = [frame.button for frame in down if isinstance(frame, InputDTMFFrame)]
    assert keys == [KeypadEntry.STAR]
    assert {type(frame) for frame in down} == {InputDTMFFrame, TranscriptionFrame}
