"""Whether an answer comes in time, and whether it was the last."""

import asyncio
from collections.abc import Sequence

import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from media_service import reply_watch
from media_service.frames import LastWordFrame
from media_service.reply_watch import FAREWELL, ReplyWatch

DEADLINE = 0.05
LATE = 0.12


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_watch, "TOKEN_SECONDS", DEADLINE)
    monkeypatch.setattr(reply_watch, "SOUND_SECONDS", DEADLINE)


def result(name: str = "end_call") -> FunctionCallResultFrame:
    return FunctionCallResultFrame(
        function_name=name, tool_call_id="1", arguments={}, result="ok", run_llm=False
    )


async def watched(*frames: Frame) -> tuple[list[str], Sequence[Frame]]:
    """Who was late, and what came out."""
    late: list[str] = []
    watch = ReplyWatch(late.append, "end_call")
    down, _ = await run_test(watch, frames_to_send=frames)
    return late, down


START, END = LLMFullResponseStartFrame, LLMFullResponseEndFrame


@pytest.mark.parametrize(
    ("frames", "who"),
    [
        ([START(), SleepFrame(LATE)], ["llm"]),
        ([START(), LLMTextFrame("So"), SleepFrame(LATE)], ["llm"]),
        ([START(), LLMTextFrame("So"), END(), SleepFrame(LATE)], ["tts"]),
        ([TTSSpeakFrame("Hi"), SleepFrame(LATE)], ["tts"]),
        # An answer without words needs no voice.
        ([START(), END(), SleepFrame(LATE)], []),
        # A tool may take its time.
        ([START(), SleepFrame(0.01), FunctionCallsStartedFrame([]), SleepFrame(LATE)], []),
        # Nobody waits for what was interrupted.
        ([START(), SleepFrame(0.01), InterruptionFrame(), SleepFrame(LATE)], []),
    ],
    ids=[
        "no token", "no second token", "no sound", "no sound of ours", "no words", "tool",
        "interrupted",
    ],
)  # fmt: skip
async def test_who_is_late(frames: list[Frame], who: list[str]) -> None:
    assert (await watched(*frames))[0] == who


async def test_what_waits_behind_other_sound_is_not_late() -> None:
    late, _ = await watched(
        BotStartedSpeakingFrame(),
        SleepFrame(0.01),
        TTSSpeakFrame("Hi"),
        SleepFrame(LATE),
        BotStoppedSpeakingFrame(),
    )
    assert late == []


async def test_sound_meets_the_deadline() -> None:
    late: list[str] = []
    watch = ReplyWatch(late.append, "end_call")
    asyncio.get_running_loop().call_later(DEADLINE * 0.6, watch.sounded)
    await run_test(watch, frames_to_send=[TTSSpeakFrame("Hi"), SleepFrame(LATE)])
    assert late == []


def words(down: Sequence[Frame]) -> list[str]:
    kinds = (LLMTextFrame, TTSSpeakFrame, LastWordFrame, LLMFullResponseEndFrame)
    return [
        f"say {frame.text}" if isinstance(frame, TTSSpeakFrame) else type(frame).__name__
        for frame in down
        if isinstance(frame, kinds)
    ]


@pytest.mark.parametrize("early", [True, False])
async def test_a_goodbye_in_the_same_answer_is_the_last_word(early: bool) -> None:
    end = [result(), END()] if early else [END(), result()]
    _, down = await watched(START(), LLMTextFrame("Bye."), *end)
    assert words(down) == ["LLMTextFrame", "LLMFullResponseEndFrame", "LastWordFrame"]


async def test_who_leaves_without_a_word_is_given_one() -> None:
    _, down = await watched(START(), result(), END())
    assert words(down) == ["LLMFullResponseEndFrame", f"say {FAREWELL}", "LastWordFrame"]


async def test_another_tool_ends_nothing() -> None:
    _, down = await watched(START(), result("look_up"), END())
    assert words(down) == ["LLMFullResponseEndFrame"]
