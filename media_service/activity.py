"""Who is at it in a conversation, by the frames that pass behind the output."""

from pipecat.frames.frames import (
    Frame,
    FunctionCallInProgressFrame,
    FunctionCallResultFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)

_CALLEES = {"voice", "turn"}
_BEGINS: dict[type[Frame], str] = {
    VADUserStartedSpeakingFrame: "voice",
    UserStartedSpeakingFrame: "turn",
    LLMFullResponseStartFrame: "answer",
    TTSStartedFrame: "speech",
}
_ENDS: dict[type[Frame], str] = {
    VADUserStoppedSpeakingFrame: "voice",
    UserStoppedSpeakingFrame: "turn",
    LLMFullResponseEndFrame: "answer",
    TTSStoppedFrame: "speech",
}


class Activity:
    """Follows both sides. An interruption ends what the agent was at, whatever it was."""

    def __init__(self) -> None:
        self._at: set[str] = set()
        self._tools: set[str] = set()

    @property
    def callee(self) -> bool:
        """Their voice is heard, or their turn has begun and is not taken for over."""
        return bool(self._at & _CALLEES)

    @property
    def agent(self) -> bool:
        """An answer is being thought of, or spoken, or what a tool found is waited for."""
        return bool(self._at - _CALLEES) or bool(self._tools)

    def see(self, frame: Frame) -> None:
        """This has passed."""
        if isinstance(frame, InterruptionFrame):
            # Tools go on; the toolbox knows of them.
            self._at.intersection_update(_CALLEES)
            self._tools.clear()
        elif isinstance(frame, FunctionCallInProgressFrame):
            self._tools.add(frame.tool_call_id)
        elif isinstance(frame, FunctionCallResultFrame):
            self._tools.discard(frame.tool_call_id)
        elif type(frame) in _BEGINS:
            self._at.add(_BEGINS[type(frame)])
        elif type(frame) in _ENDS:
            self._at.discard(_ENDS[type(frame)])
