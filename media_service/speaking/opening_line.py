"""An opening that nobody wrote down: the agent's own LLM says how it begins."""

import asyncio
import logging
import re
from typing import Any

from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService

from calls.agent import Agent
from media_service.speaking.plain_text import plain_text

log = logging.getLogger(__name__)

WRITE_SECONDS = 4.0
"""It rings for longer than that."""
LONGEST = 500
"""Characters; whatever comes after the last whole sentence within them is left out."""

_ASKED = (
    "The phone was just picked up, and nobody has said a word yet. Say your opening line, in "
    "{language}: one or two short sentences that say who you are and why you call. Only the words "
    "that are to be spoken."
)


class NoOpeningError(Exception):
    """The LLM wrote nothing that could be said. The message quotes nothing of it."""


async def write(llm: Any, agent: Agent) -> str:
    """The opening line, with what the law wants said put after it.

    Args:
        llm: the call's own, its system message being the agent's prompt; an LLM, or a stage of
            several.

    Raises:
        NoOpeningError: nothing of use came within WRITE_SECONDS.
    """
    asked = _ASKED.format(language=agent.speaks.name)
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            text = await _inferred(llm, asked)
    except TimeoutError:
        raise NoOpeningError("no answer within the deadline") from None
    except Exception as error:  # Every vendor's client has its own.
        raise NoOpeningError(f"no answer: {type(error).__name__}") from error
    line = _cut(await plain_text(text or ""))
    if not line:
        raise NoOpeningError("an empty answer")
    return agent.disclosed(line)


async def _inferred(llm: Any, asked: str) -> str | None:
    """What the LLM answers; of several, the first that does."""
    *firsts, last = getattr(llm, "services", None) or [llm]
    for service in firsts:
        try:
            return await _answer(service, asked)
        except Exception as error:
            log.warning("an LLM wrote no opening", extra={"why": type(error).__name__})
    return await _answer(last, asked)


async def _answer(llm: LLMService[Any], asked: str) -> str | None:
    return await llm.run_inference(LLMContext([{"role": "user", "content": asked}]))


def _cut(text: str) -> str:
    text = text.strip().strip('"“”').strip()
    if len(text) <= LONGEST:
        return text
    sentences = re.match(r".*[.!?](?=\s|$)", text[:LONGEST])
    return sentences[0] if sentences else text[:LONGEST].rpartition(" ")[0]
