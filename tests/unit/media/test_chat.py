"""An LLM that hangs or breaks off is asked once more, and goes on where it was."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pipecat.frames.frames import ErrorFrame, LLMContextFrame, LLMTextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.tests.utils import SleepFrame, run_test

from media_service.vendors import chat
from media_service.vendors.groq import Llm

EVENT = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


class Answer(httpx.AsyncByteStream):
    """So many words, and then an end or a break."""

    def __init__(self, words: str, *, breaks: bool = False) -> None:
        self._words, self._breaks = words.split(), breaks
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for position, word in enumerate(self._words):
            choice = {"index": 0, "delta": {"content": f" {word}" if position else word}}
            yield f"data: {json.dumps({**EVENT, 'choices': [choice]})}\n\n".encode()
        if self._breaks:
            raise httpx.RemoteProtocolError("cut")
        yield b"data: [DONE]\n\n"

    async def aclose(self) -> None:
        self.closed = True


class Vendor(httpx.AsyncBaseTransport):
    """Answers each request in its turn; None: never."""

    def __init__(self, *answers: Answer | int | None) -> None:
        self._answers = list(answers)
        self.asked: list[list[dict[str, str]]] = []
        self.given_up = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(await request.aread())["messages"])
        answer = self._answers.pop(0)
        if isinstance(answer, int):
            return httpx.Response(answer, json={"error": {"message": "no"}})
        if answer:
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=answer)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        raise AssertionError


async def answered(
    vendor: Vendor, until: Callable[[], bool] = lambda: True
) -> tuple[str, list[str]]:
    """What was said, and the errors."""
    async with httpx.AsyncClient(transport=vendor) as http:
        llm = Llm(http=http, api_key="k", base_url="http://vendor.test/v1")
        context = LLMContext([{"role": "user", "content": "How are you?"}])
        down, up = await run_test(llm, frames_to_send=[LLMContextFrame(context), SleepFrame(0.3)])
    said = "".join(frame.text for frame in down if isinstance(frame, LLMTextFrame))
    return said.strip(), [frame.error for frame in up if isinstance(frame, ErrorFrame)]


async def test_an_answer_that_breaks_off_is_gone_on_with() -> None:
    vendor = Vendor(Answer("I am", breaks=True), Answer("very well."))
    assert await answered(vendor) == ("I am very well.", [])
    first, again = vendor.asked
    assert first == [{"role": "user", "content": "How are you?"}]
    assert again[:-1] == [*first, {"role": "assistant", "content": "I am"}]
    assert "cut off" in again[-1]["content"]


async def test_one_that_breaks_off_before_its_first_word_is_asked_for_as_it_was() -> None:
    vendor = Vendor(Answer("", breaks=True), Answer("Very well."))
    assert await answered(vendor) == ("Very well.", [])
    assert vendor.asked[0] == vendor.asked[1]


async def test_twice_is_an_error() -> None:
    said, errors = await answered(Vendor(*[Answer("I am", breaks=True)] * 2))
    assert said == "I am I am"
    assert len(errors) == 1


async def test_a_key_that_is_refused_is_not_tried_again() -> None:
    vendor = Vendor(401)
    said, errors = await answered(vendor)
    assert (said, len(errors), len(vendor.asked)) == ("", 1, 1)


async def test_a_request_that_hangs_has_another_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "AGAIN_SECONDS", 0.05)
    vendor = Vendor(None, Answer("Very well."))
    assert await answered(vendor) == ("Very well.", [])
    assert len(vendor.asked) == 2
    assert vendor.given_up == 1


async def test_one_that_is_answered_has_none() -> None:
    vendor = Vendor(Answer("Very well."))
    assert await answered(vendor) == ("Very well.", [])
    assert len(vendor.asked) == 1
