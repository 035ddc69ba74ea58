"""Who is at it, by the frames that pass."""

import pytest
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

from media_service.activity import Activity

TOOL = FunctionCallInProgressFrame("look_up", "1", {})
RESULT = FunctionCallResultFrame("look_up", "1", {}, {})


def after(*frames: Frame) -> tuple[bool, bool]:
    activity = Activity()
    for frame in frames:
        activity.see(frame)
    return activity.callee, activity.agent


def test_nobody_is_at_first() -> None:
    assert after() == (False, False)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (VADUserStartedSpeakingFrame(), VADUserStoppedSpeakingFrame()),
        (UserStartedSpeakingFrame(), UserStoppedSpeakingFrame()),
    ],
)
def test_the_callee_is_until_they_end(begins: Frame, ends: Frame) -> None:
    assert after(begins) == (True, False)
    assert after(begins, InterruptionFrame()) == (True, False)
    assert after(begins, ends) == (False, False)


def test_a_turn_outlasts_its_voice() -> None:
    begun = (VADUserStartedSpeakingFrame(), UserStartedSpeakingFrame())
    assert after(*begun, VADUserStoppedSpeakingFrame()) == (True, False)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (LLMFullResponseStartFrame(), LLMFullResponseEndFrame()),
        (TTSStartedFrame(), TTSStoppedFrame()),
        (TOOL, RESULT),
    ],
)
def test_the_agent_is_until_it_ends_or_is_interrupted(begins: Frame, ends: Frame) -> None:
    assert after(begins) == (False, True)
    assert after(begins, ends) == (False, False)
    assert after(begins, InterruptionFrame()) == (False, False)
