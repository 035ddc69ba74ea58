"""Why a session ends."""

from enum import Enum, auto


class Ending(Enum):
    """What becomes of the call with it."""

    GONE = auto()
    """The callee hung up, or Twilio closed the stream."""
    LAST_WORD = auto()
    """All that was to be said has been heard."""
    TRANSFERRED = auto()
    """Somebody else has the callee."""
    TROUBLE = auto()
    """A vendor or we ourselves failed: apologize."""
    FENCED = auto()
    """Another leg has the call: be silent."""
    HANDOVER = auto()
    """Another task is to take the call over, and nobody is saying anything."""
    HANDOVER_LATE = auto()
    """Another task is to take the call over, whatever is being said."""

    @property
    def hands_over(self) -> bool:
        return self in (Ending.HANDOVER, Ending.HANDOVER_LATE)
