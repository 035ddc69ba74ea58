"""Who is at it in a conversation, by the frames that pass behind the output."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

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
_SPANS: Mapping[str, tuple[type[Frame], type[Frame]]] = {
    "voice": (VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame),
    "turn": (UserStartedSpeakingFrame, UserStoppedSpeakingFrame),
    "answer": (LLMFullResponseStartFrame, LLMFullResponseEndFrame),
    "speech": (TTSStartedFrame, TTSStoppedFrame),
}
"""What somebody can be at: the frame with which it begins, and that with which it ends."""


class Activity:
    """Follows both sides. An interruption ends what the agent was at, whatever it was."""

    def __init__(self) -> None:
        self._at: set[str] = set()
        self._tools: set[str] = set()
        # By class: most of what passes is sound, for which one look has to do.
        self._meaning: dict[type[Frame], Callable[[Any], None]] = {
            InterruptionFrame: self._interrupted,
            FunctionCallInProgressFrame: lambda frame: self._tools.add(frame.tool_call_id),
            FunctionCallResultFrame: lambda frame: self._tools.discard(frame.tool_call_id),
        }
        for name, (begins, ends) in _SPANS.items():
            self._meaning[begins] = partial(self._begin, name)
            self._meaning[ends] = partial(self._end, name)

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
        meaning = self._meaning.get(type(frame))
        if meaning:
            meaning(frame)

    def _begin(self, name: str, _: Frame) -> None:
        self._at.add(name)

    def _end(self, name: str, _: Frame) -> None:
        self._at.discard(name)

    def _interrupted(self, _: Frame) -> None:
        # Tools go on; the toolbox knows of them.
        self._at.intersection_update(_CALLEES)
        self._tools.clear()
