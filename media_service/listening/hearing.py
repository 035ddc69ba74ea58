"""Behind the listener: keys, and words, before they are anybody's turn."""

from collections.abc import Callable

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor


class Hearing(FrameProcessor):
    """Tells what the callee pressed and said, whether or not they are listened to at the moment.

    Args:
        pressed: takes a key: ``0`` to ``9``, ``*`` or ``#``; whether it is to be passed on.
        heard: takes words, as far as the listener will not change them any more.
    """

    def __init__(self, pressed: Callable[[str], bool], heard: Callable[[str], None]) -> None:
        super().__init__(enable_direct_mode=True)
        self._pressed = pressed
        self._heard = heard

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tell, and pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputDTMFFrame):
            if not self._pressed(frame.button.value):
                return
        elif isinstance(frame, TranscriptionFrame):
            self._heard(frame.text)
        await self.push_frame(frame, direction)


class Listened(FrameProcessor):
    """Behind the callee's turns: their sound ends here.

    Pipecat would hand each 20 ms of it on to the LLM, the voice and the output, which have no use
    for it, by way of a queue and a task in each.
    """

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass on what is no sound of theirs."""
        if isinstance(frame, InputAudioRawFrame):
            return
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
