"""Frames that a voice was given, without the words of them that were heard already."""

from dataclasses import replace

from pipecat.frames.frames import (
    AggregatedTextFrame,
    Frame,
    LLMTextFrame,
    TextFrame,
    TTSSpeakFrame,
)


def words(frame: Frame) -> str:
    """What is to be said of it; empty, if nothing is."""
    return frame.text if isinstance(frame, TTSSpeakFrame | TextFrame) else ""


def without(frames: list[Frame], over: int) -> list[Frame]:
    """The frames without so many words at their beginning.

    Tokens of an LLM are put together first, because a word may be in two of them.
    """
    left: list[Frame] = []
    for frame in _joined(frames):
        text = words(frame).split()
        skipped, over = min(over, len(text)), max(over - len(text), 0)
        if not skipped:
            left.append(frame)
        elif isinstance(frame, TTSSpeakFrame | LLMTextFrame | AggregatedTextFrame):
            rest = " ".join(text[skipped:])
            if rest:
                left.append(replace(frame, text=rest))
    return left


def _joined(frames: list[Frame]) -> list[Frame]:
    joined: list[Frame] = []
    for frame in frames:
        last = joined[-1] if joined else None
        if isinstance(frame, LLMTextFrame) and isinstance(last, LLMTextFrame):
            joined[-1] = LLMTextFrame(last.text + frame.text)
        else:
            joined.append(frame)
    return joined
