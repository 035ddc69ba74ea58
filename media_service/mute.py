"""When the callee's voice is not acted upon."""

from pipecat.frames.frames import Frame
from pipecat.turns.user_mute import BaseUserMuteStrategy


class Mute(BaseUserMuteStrategy):
    """Deaf to the callee from the moment the agent leaves."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.leaving = False

    async def process_frame(self, frame: Frame) -> bool:
        """Whether the callee is muted now."""
        return self.leaving
