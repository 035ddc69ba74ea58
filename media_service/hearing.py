"""Behind the listener: keys, and words, before they are anybody's turn."""

from collections.abc import Callable

from pipecat.frames.frames import Frame, InputDTMFFrame, TranscriptionFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor


class Hearing(FrameProcessor):
    """Tells what the callee pressed and said, whether or not they are listened to at the moment.

    Args:
        pressed: takes a key: ``0`` to ``9``, ``*`` or ``#``; whether it is to be passed on.
        heard: takes words, as far as the listener will not change them any more.
    """

    def __init__(self, pressed: Callable[[str], bool], heard: Callable[[str], None]) -> None:
        super().__init__()
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
