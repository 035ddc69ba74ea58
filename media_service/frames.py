"""Our own frames on Pipecat's pipeline."""

from dataclasses import dataclass, field

from pipecat.frames.frames import ControlFrame


@dataclass
class LastWordFrame(ControlFrame):
    """Once everything before this has been heard, the call is to end."""

    interruptible: bool = field(default=False, init=False)
