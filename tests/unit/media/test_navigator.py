"""What the LLM's answers to a menu mean."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_service.answering import navigator
from media_service.answering.navigator import Navigator, NoStepError, Step, parsed


@pytest.mark.parametrize(
    ("reply", "step"),
    [
        ("<dtmf>1</dtmf>", Step("1")),
        ("<dtmf>1</dtmf><dtmf>#</dtmf> <dtmf>0</dtmf>", Step("1#0")),
        ("Billing.", Step(words="Billing.")),
        ("<ivr>wait</ivr>", Step()),
        ("<ivr>completed</ivr>", Step(then="completed")),
        ("<dtmf>0</dtmf><ivr>completed</ivr>", Step("0", then="completed")),
        ("<ivr>stuck</ivr>", Step(then="stuck")),
        ("<mode>conversation</mode>", Step(then="conversation")),
        ("<dtmf>12</dtmf><ivr>dance</ivr>", Step()),
    ],
)
def test_answers(reply: str, step: Step) -> None:
    assert parsed(reply) == step


@pytest.mark.parametrize("reply", ["", "  \n"])
def test_no_answer(reply: str) -> None:
    with pytest.raises(NoStepError):
        parsed(reply)


@given(st.text())
def test_only_keys_are_ever_pressed(reply: str) -> None:
    try:
        step = parsed(f"<dtmf>{reply}</dtmf>")
    except NoStepError:
        return
    assert set(step.keys) <= set("0123456789*#")


class Llm:
    def __init__(self, *replies: str | Exception) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[list[Any], str]] = []

    async def run_inference(self, context: Any, *, system_instruction: str) -> str:
        self.asked.append((list(context.get_messages()), system_instruction))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


async def test_the_goal_and_what_was_said_before_are_told() -> None:
    llm = Llm("<dtmf>1</dtmf>", "<ivr>completed</ivr>")
    menu = Navigator(llm, "Get to sales.")
    assert await menu.hear("For sales, press one.") == Step("1")
    assert await menu.hear("Please hold.") == Step(then="completed")
    messages, instructions = llm.asked[1]
    assert "Get to sales." in instructions
    assert [each["content"] for each in messages] == [
        "For sales, press one.", "<dtmf>1</dtmf>", "Please hold.",
    ]  # fmt: skip


async def test_a_vendor_that_fails() -> None:
    with pytest.raises(NoStepError, match="RuntimeError") as caught:
        await Navigator(Llm(RuntimeError("secret")), "Sales.").hear("Press one.")
    assert "secret" not in str(caught.value)


async def test_a_vendor_that_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigator, "ANSWER_SECONDS", 0)

    class Slow:
        async def run_inference(self, *_: Any, **__: Any) -> str:
            await asyncio.Event().wait()
            return ""

    with pytest.raises(NoStepError, match="deadline"):
        await Navigator(Slow(), "Sales.").hear("Press one.")
