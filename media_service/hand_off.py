"""What the target of a transfer is told of the call, through its webhook."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService
from pydantic import BaseModel, ConfigDict

from calls.adapters.guarded_http import Answer, GuardedRequestError
from calls.call import Call
from calls.ports import SecretMissingError
from calls.tools import TransferTarget

log = logging.getLogger(__name__)

SECONDS = 5.0
"""So long at most is the callee kept waiting for it."""
SUMMARY_SECONDS = 2.5
LAST_TURNS = 10
"""Told where there is no summary."""
MOST_TOKENS = 600
"""Of a summary, and of what a reasoning model thinks before it."""
_SYSTEM = "You summarize phone calls for the person who takes the call over."
_ASK = (
    "Summarize the call in at most four plain sentences: who the callee is, what they want, what "
    "was settled, what is open. Only what was said."
)

Post = Callable[[str, Mapping[str, Any]], Awaitable[Answer]]


class Spoken(BaseModel):
    """Something that was said in the call."""

    model_config = ConfigDict(frozen=True)

    role: Literal["agent", "callee"]
    text: str


class HandOff:
    """One transfer, from its announcement on. The summary is written while that is heard.

    Args:
        name: the target's, as the agent's file has it.
        spoken: the call so far.
        llm: writes the summary, apart from the conversation.
    """

    def __init__(
        self,
        call: Call,
        name: str,
        target: TransferTarget,
        spoken: list[Spoken],
        llm: LLMService[Any],
        post: Post,
    ) -> None:
        self.number = target.number
        self._call = call
        self._name = name
        self._url = target.webhook_url
        self._spoken = spoken
        self._post = post
        self._writing: asyncio.Task[str | None] | None = None
        if self._url and spoken:
            self._writing = asyncio.create_task(_summary(llm, spoken), name="summary")

    async def tell(self) -> None:
        """Tell the target's webhook, if it has one. A webhook that fails keeps nobody waiting."""
        if self._url is None:
            return
        fields = {"call_id": self._call.call_id, "target": self._name}
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._post(self._url, await self._body())
        except GuardedRequestError as error:
            log.warning("a transfer's webhook was not reached", extra={**fields, "why": str(error)})
        except TimeoutError:
            log.warning("a transfer's webhook did not answer in time", extra=fields)
        except SecretMissingError as error:
            log.error("a transfer's webhook cannot be told", extra={**fields, "why": str(error)})
        else:
            log.info("a transfer's webhook was told", extra={**fields, "status": answer.status})

    def drop(self) -> None:
        """There is no transfer after all."""
        if self._writing:
            self._writing.cancel()

    async def _body(self) -> dict[str, Any]:
        summary = None
        if self._writing:
            done, _ = await asyncio.wait({self._writing}, timeout=SUMMARY_SECONDS)
            self._writing.cancel()
            summary = self._writing.result() if done else None
        last = [turn.model_dump() for turn in self._spoken[-LAST_TURNS:]]
        return {
            "type": "call.transferred",
            "call_id": self._call.call_id,
            "agent": self._call.agent,
            "to_number": self._call.to_number,
            "from_number": self._call.from_number,
            "target": self._name,
            "target_number": self.number,
            "summary": summary,
            "last_turns": None if summary else last,
        }


async def _summary(llm: LLMService[Any], spoken: list[Spoken]) -> str | None:
    names = {"agent": "Agent", "callee": "Callee"}
    transcript = "\n".join(f"{names[turn.role]}: {turn.text}" for turn in spoken)
    context = LLMContext([{"role": "user", "content": each} for each in (transcript, _ASK)])
    try:
        text = await llm.run_inference(context, max_tokens=MOST_TOKENS, system_instruction=_SYSTEM)
    except Exception as error:
        log.warning("no summary was written", extra={"why": type(error).__name__})
        return None
    return (text or "").strip() or None
