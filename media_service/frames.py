"""Our own frames on Pipecat's pipeline, and what a tool's result may carry on it."""

from dataclasses import dataclass, field

from pipecat.frames.frames import ControlFrame, FunctionCallResultProperties


@dataclass
class LastWordFrame(ControlFrame):
    """Once everything before this has been heard, the agent leaves the call."""

    interruptible: bool = field(default=False, init=False)


@dataclass
class FillerFrame(ControlFrame):
    """Said while a tool or a slow LLM is waited for, if its answer has no words of its own yet."""

    text: str = ""
    slow: bool = False
    """It is the LLM that is slow: once a turn, and no part of what it is told it has said."""


@dataclass
class LeavingResult(FunctionCallResultProperties):
    """The agent leaves with the answer that called the tool: nothing is said after it."""

    run_llm: bool | None = False
    otherwise: str = ""
    """The last words of an answer that has none."""


@dataclass
class QuietResult(FunctionCallResultProperties):
    """Nothing that the callee waits for: an answer that ended in a question stands as it is."""
