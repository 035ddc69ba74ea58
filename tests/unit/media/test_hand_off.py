"""What the target of a transfer is told, and how long a callee waits for it."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService

from calls.adapters.guarded_http import Answer, GuardedRequestError
from calls.ports import SecretMissingError
from calls.tools import TransferTarget
from media_service import hand_off
from media_service.hand_off import HandOff, Spoken
from tests.unit.media.tools import call

SPOKEN = [Spoken(role="agent", text=f"{number}") for number in range(11)] + [
    Spoken(role="callee", text="A person, please.")
]


class Llm:
    """Writes one summary, or fails."""

    def __init__(self, answer: str | Exception | None, seconds: float = 0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.asked: list[Any] = []

    async def run_inference(
        self, context: LLMContext, *, max_tokens: int, system_instruction: str
    ) -> str | None:
        self.asked = [message["content"] for message in cast("list[Any]", context.get_messages())]
        await asyncio.sleep(self.seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Hook:
    """A webhook."""

    def __init__(self, error: Exception | None = None, seconds: float = 0) -> None:
        self.error = error
        self.seconds = seconds
        self.told: list[Mapping[str, Any]] = []

    async def post(self, url: str, body: Mapping[str, Any]) -> Answer:
        self.told.append(body)
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        return Answer(204, b"", {})


def handing(llm: Llm, hook: Hook, url: str | None = "https://hook.test/") -> HandOff:
    target = TransferTarget(number="+15550100007", description="Buys.", webhook_url=url)
    return HandOff(
        call(), "sales", target, SPOKEN, cast("LLMService[Any]", llm), hook.post
    )  # fmt: skip


async def test_a_summary_is_told() -> None:
    llm, hook = Llm(" Wants a person. "), Hook()
    await handing(llm, hook).tell()
    (body,) = hook.told
    assert (body["summary"], body["last_turns"]) == ("Wants a person.", None)
    assert (body["target"], body["target_number"]) == ("sales", "+15550100007")
    assert "Callee: A person, please." in llm.asked[0]
    assert "Summarize" in llm.asked[1]


@pytest.mark.parametrize("answer", [None, " ", RuntimeError("no")])
async def test_without_a_summary_the_last_turns_are_told(answer: str | Exception | None) -> None:
    hook = Hook()
    await handing(Llm(answer), hook).tell()
    (body,) = hook.told
    assert body["summary"] is None
    assert len(body["last_turns"]) == 10
    assert body["last_turns"][-1] == {"role": "callee", "text": "A person, please."}


async def test_an_llm_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_off, "SUMMARY_SECONDS", 0.01)
    hook = Hook()
    await handing(Llm("late", seconds=60), hook).tell()
    assert hook.told[0]["summary"] is None


@pytest.mark.parametrize(
    "hook",
    [Hook(GuardedRequestError("no answer")), Hook(SecretMissingError("s")), Hook(seconds=60)],
    ids=["refused", "no secret", "hangs"],
)
async def test_a_webhook_that_fails_keeps_nobody(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_off, "SECONDS", 0.05)
    await handing(Llm("Wants a person."), hook).tell()
    assert len(hook.told) == 1


async def test_who_has_no_webhook_costs_no_summary() -> None:
    llm, hook = Llm("Wants a person."), Hook()
    await handing(llm, hook, url=None).tell()
    await asyncio.sleep(0)
    assert (llm.asked, hook.told) == ([], [])
