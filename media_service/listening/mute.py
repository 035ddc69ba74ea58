"""When the callee's voice is not acted upon."""

from collections.abc import Awaitable, Callable

from pipecat.frames.frames import Frame
from pipecat.turns.user_mute import BaseUserMuteStrategy


class Mute(BaseUserMuteStrategy):
    """Deaf to the callee from the moment the agent leaves.

    Args:
        go_on: ends a pause that their voice has brought about: nobody else would any more.
    """

    def __init__(self, go_on: Callable[[], Awaitable[None]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.leaving = False
        self._go_on = go_on

    async def process_frame(self, frame: Frame) -> bool:
        """Whether the callee is muted now."""
        if self.leaving:
            await self._go_on()
        return self.leaving
