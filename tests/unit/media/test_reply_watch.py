"""Whether an answer comes in time, and whether it was the last."""

import asyncio
from collections.abc import Sequence

import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    FunctionCallFromLLM,
    FunctionCallResultFrame,
    FunctionCallResultProperties,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSSpeakFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.tests.utils import SleepFrame, run_test

from media_service.frames import FillerFrame, LastWordFrame, LeavingResult, QuietResult
from media_service.speaking import reply_watch
from media_service.speaking.reply_watch import ReplyWatch

DEADLINE = 0.3
"""Long enough for a machine that is busy with other things."""
LATE = 0.5


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_watch, "TOKEN_SECONDS", DEADLINE)
    monkeypatch.setattr(reply_watch, "SOUND_SECONDS", DEADLINE)


FAREWELL = "Goodbye."


def result(properties: FunctionCallResultProperties | None) -> FunctionCallResultFrame:
    return FunctionCallResultFrame(
        function_name="f", tool_call_id="1", arguments={}, result="ok", properties=properties
    )


def leaves() -> FunctionCallResultFrame:
    return result(LeavingResult(otherwise=FAREWELL))


async def watched(*frames: Frame) -> tuple[list[str], Sequence[Frame]]:
    """Who was late, and what came out."""
    late: list[str] = []
    watch = ReplyWatch(late.append)
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
    watch = ReplyWatch(late.append)
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
    end = [leaves(), END()] if early else [END(), leaves()]
    _, down = await watched(START(), LLMTextFrame("Bye."), *end)
    assert words(down) == ["LLMTextFrame", "LLMFullResponseEndFrame", "LastWordFrame"]


async def test_who_leaves_without_a_word_is_given_one() -> None:
    _, down = await watched(START(), leaves(), END())
    assert words(down) == ["LLMFullResponseEndFrame", f"say {FAREWELL}", "LastWordFrame"]


async def test_another_tool_ends_nothing() -> None:
    _, down = await watched(START(), result(None), END())
    assert words(down) == ["LLMFullResponseEndFrame"]


async def test_who_is_cut_while_leaving_still_says_goodbye() -> None:
    """The words that were cut are not heard; nobody would hang up without them."""
    _, down = await watched(
        START(), LLMTextFrame("By"), leaves(), SleepFrame(0.01), InterruptionFrame()
    )
    assert words(down) == ["LLMTextFrame", f"say {FAREWELL}", "LastWordFrame"]


async def test_after_the_last_word_the_llm_is_not_listened_to() -> None:
    _, down = await watched(
        START(), LLMTextFrame("Bye."), leaves(), END(), START(), LLMTextFrame("One more thing."),
        END(), SleepFrame(LATE),
    )  # fmt: skip
    assert words(down)[:3] == ["LLMTextFrame", "LLMFullResponseEndFrame", "LastWordFrame"]
    assert "LLMTextFrame" not in words(down)[3:]


async def test_nor_is_it_asked_until_the_agent_stays_after_all() -> None:
    asked = LLMContextFrame(LLMContext())

    async def upstream(hushed: bool) -> list[type[Frame]]:
        watch = ReplyWatch(lambda _: None)
        watch.hush()
        if not hushed:
            watch.stay()
        _, up = await run_test(
            watch, frames_to_send=[asked], frames_to_send_direction=FrameDirection.UPSTREAM
        )
        return [type(frame) for frame in up]

    assert LLMContextFrame not in await upstream(hushed=True)
    assert LLMContextFrame in await upstream(hushed=False)


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [("And how is it?", False), ("Thank you.", True), ("", True)],
    ids=["asked", "said", "silent"],
)
async def test_an_answer_that_ends_in_a_question_stands(text: str, goes_on: bool) -> None:
    """What was recorded with it needs no second answer; it would talk over the callee's."""
    _, down = await watched(START(), LLMTextFrame(text), result(QuietResult()), END())
    (frame,) = [frame for frame in down if isinstance(frame, FunctionCallResultFrame)]
    assert frame.properties is not None
    assert frame.properties.run_llm is (None if goes_on else False)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([START(), FillerFrame(text="One moment."), END()], ["say One moment."]),
        # Once an answer, and not on top of its own words.
        ([START(), FillerFrame(text="One."), FillerFrame(text="Two."), END()], ["say One."]),
        ([START(), LLMTextFrame("Let me see."), FillerFrame(text="One."), END()], []),
        ([START(), END(), FillerFrame(text="One.")], ["say One."]),
    ],
    ids=["silent", "twice", "said", "after"],
)
async def test_a_filler(frames: list[Frame], said: list[str]) -> None:
    _, down = await watched(*frames)
    assert [each for each in words(down) if each.startswith("say")] == said


async def test_a_filler_that_sounds_early_owes_no_more() -> None:
    late: list[str] = []
    watch = ReplyWatch(late.append)
    asyncio.get_running_loop().call_later(DEADLINE / 2, watch.sounded)
    frames = [START(), FillerFrame(text="One."), SleepFrame(DEADLINE * 0.8), END()]
    await run_test(watch, frames_to_send=[*frames, SleepFrame(LATE)])
    assert late == []


async def test_a_voice_without_a_sound_is_late_with_a_filler_too() -> None:
    late, _ = await watched(START(), FillerFrame(text="One."), END(), SleepFrame(LATE))
    assert late == ["tts"]


def begun(name: str) -> FunctionCallsStartedFrame:
    call = FunctionCallFromLLM(
        function_name=name, tool_call_id="1", arguments={}, context=LLMContext()
    )
    return FunctionCallsStartedFrame([call])


def result_of(name: str, properties: FunctionCallResultProperties | None) -> Frame:
    return FunctionCallResultFrame(
        function_name=name, tool_call_id="1", arguments={}, result="ok", properties=properties
    )


async def leaving(*frames: Frame) -> list[str]:
    """What is said by an agent that leaves with `end_call`."""
    watch = ReplyWatch(lambda _: None, leaving=["end_call"])
    down, _ = await run_test(watch, frames_to_send=frames)
    return [
        frame.text if isinstance(frame, LLMTextFrame | TTSSpeakFrame) else "(last word)"
        for frame in down
        if isinstance(frame, LLMTextFrame | TTSSpeakFrame | LastWordFrame)
    ]


async def test_a_turn_that_came_in_two_gets_one_goodbye() -> None:
    """The second half was being answered when the first answer's wish to leave was known."""
    said = await leaving(
        START(), LLMTextFrame("Goodbye, Sarah!"), SleepFrame(0.01), begun("end_call"),
        SleepFrame(0.01), END(), START(), result_of("end_call", LeavingResult(FAREWELL)),
        LLMTextFrame("Goodbye!"), END(),
    )  # fmt: skip
    assert said == ["Goodbye, Sarah!", "(last word)"]


async def test_a_wish_to_leave_that_overtakes_its_own_answer_loses_no_word_of_it() -> None:
    said = await leaving(
        begun("end_call"), START(), LLMTextFrame("Goodbye, Sarah!"), END(),
        result_of("end_call", LeavingResult(FAREWELL)),
    )  # fmt: skip
    assert said == ["Goodbye, Sarah!", "(last word)"]


async def test_who_may_not_leave_after_all_goes_on() -> None:
    said = await leaving(
        START(), LLMTextFrame("One moment."), SleepFrame(0.01), begun("end_call"),
        SleepFrame(0.01), END(), result_of("end_call", None), START(), LLMTextFrame("So."), END(),
    )  # fmt: skip
    assert said == ["One moment.", "So."]


async def test_other_tools_end_nothing() -> None:
    said = await leaving(
        START(), LLMTextFrame("A."), SleepFrame(0.01), begun("record_answer"), SleepFrame(0.01),
        END(), START(), LLMTextFrame("B."), END(),
    )  # fmt: skip
    assert said == ["A.", "B."]


async def test_an_interruption_that_was_under_way_does_not_cut_the_last_words() -> None:
    watch = ReplyWatch(lambda _: None)

    async def send() -> Sequence[Frame]:
        frames = [SleepFrame(0.05), InterruptionFrame(), SleepFrame(0.02)]
        return (await run_test(watch, frames_to_send=frames))[0]

    async def part() -> None:
        await asyncio.sleep(0.02)
        await watch.take_leave("You will not be called again.")

    down, _ = await asyncio.gather(send(), part())
    said = [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)]
    assert said == ["You will not be called again."] * 2
    ends = [frame for frame in down if isinstance(frame, LastWordFrame)]
    # Only the end of what was said last ends the call.
    assert watch.last_word is ends[-1] is not ends[0]


# A slow LLM.

ASKED = UserStoppedSpeakingFrame


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_watch, "FILLER_SECONDS", 0.05)
    monkeypatch.setattr(reply_watch, "TOKEN_SECONDS", 5.0)


PAUSE = 0.15


async def filled(*frames: Frame, upto: float = PAUSE) -> list[str]:
    """The fillers that were said, and whether the LLM is told of them."""
    watch = ReplyWatch(lambda _: None, filler=lambda: "One moment.")
    down, _ = await run_test(watch, frames_to_send=[*frames, SleepFrame(upto)])
    said = [frame for frame in down if isinstance(frame, TTSSpeakFrame)]
    assert not any(frame.append_to_context for frame in said)
    return [frame.text for frame in said]


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([ASKED(), START()], 1),
        # In whichever order the two come.
        ([START(), ASKED()], 1),
        # Once a turn, however often the LLM is asked in it, and again in the next.
        ([ASKED(), START(), SleepFrame(PAUSE), END(), START()], 1),
        ([ASKED(), START(), SleepFrame(PAUSE), END(), ASKED(), SleepFrame(0.01), START()], 2),
        # Not beside the answer, nor behind it.
        ([ASKED(), START(), LLMTextFrame("So")], 0),
        ([ASKED(), START(), LLMTextFrame("So"), END(), START()], 0),
        ([ASKED(), START(), SleepFrame(0.01), END()], 0),
        # A tool has fillers of its own.
        ([ASKED(), START(), SleepFrame(0.01), FunctionCallsStartedFrame([])], 0),
        # A callee who speaks is not spoken to.
        ([ASKED(), START(), SleepFrame(0.01), VADUserStartedSpeakingFrame()], 0),
        ([ASKED(), START(), SleepFrame(0.01), UserStartedSpeakingFrame()], 0),
        ([ASKED(), START(), SleepFrame(0.01), VADUserStartedSpeakingFrame(), SleepFrame(PAUSE),
          VADUserStoppedSpeakingFrame()], 1),
        ([ASKED(), START(), SleepFrame(0.01), InterruptionFrame()], 0),
        # Nobody asked: the agent breaks a silence.
        ([START()], 0),
        ([ASKED(), START(), LLMTextFrame("So"), END(), SleepFrame(0.01), START()], 0),
    ],
    ids=[
        "slow", "asked later", "once a turn", "next turn", "answered", "second answer", "ended",
        "tool", "voice", "turn", "voice over", "interrupted", "unasked", "idle",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("_soon")
async def test_a_slow_llm_has_a_filler_said(frames: list[Frame], said: int) -> None:
    assert await filled(*frames) == ["One moment."] * said


@pytest.mark.usefixtures("_soon")
async def test_a_filler_does_not_hide_an_llm_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_watch, "TOKEN_SECONDS", DEADLINE)
    late: list[str] = []
    watch = ReplyWatch(late.append, filler=lambda: "One moment.")
    asyncio.get_running_loop().call_later(0.1, watch.sounded)
    down, _ = await run_test(watch, frames_to_send=[ASKED(), START(), SleepFrame(LATE)])
    assert [frame.text for frame in down if isinstance(frame, TTSSpeakFrame)] == ["One moment."]
    assert late == ["llm"]


@pytest.mark.usefixtures("_soon")
async def test_nobody_who_leaves_has_a_filler() -> None:
    watch = ReplyWatch(lambda _: None, filler=lambda: "One moment.")
    watch.hush()
    down, _ = await run_test(watch, frames_to_send=[ASKED(), START(), SleepFrame(PAUSE)])
    assert not any(isinstance(frame, TTSSpeakFrame) for frame in down)


async def test_words_that_an_interruption_overtook_are_not_passed_on() -> None:
    _, down = await watched(
        START(),
        LLMTextFrame("So "),
        SleepFrame(0.05),
        InterruptionFrame(),
        SleepFrame(0.05),
        LLMTextFrame("be it"),
        END(),
        START(),
        LLMTextFrame("Well"),
        END(),
    )
    assert [frame.text for frame in down if isinstance(frame, LLMTextFrame)] == ["So ", "Well"]
