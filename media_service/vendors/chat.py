"""OpenAI's chat protocol, which several vendors speak, on the connections that all calls share."""

import asyncio
import logging
from typing import Any

from openai import APIConnectionError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletionChunk
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.openai.llm import OpenAILLMService

from media_service.speaking.broken_off import going_on

log = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
"""From a request to a second one beside it; the first to be answered counts."""


class Chat(OpenAILLMService):
    """Goes before the vendor's class. A request that hangs, and an answer that breaks off, are made
    good once, within the deadline of the first token or the next, before a fallback is.

    Args:
        http: the shared pool.
    """

    def __init__(self, *, http: DefaultAsyncHttpxClient, **kwargs: Any) -> None:
        self._http = http
        self._begun = self._resumed = False
        self._said = ""
        super().__init__(**kwargs)

    def create_client(
        self, api_key: Any = None, base_url: Any = None, *_: Any, **__: Any
    ) -> AsyncOpenAI:
        """A client on the shared pool. One retry fits into the deadline of the first token."""
        return AsyncOpenAI(
            api_key=api_key, base_url=base_url, http_client=self._http, max_retries=1
        )

    async def get_chat_completions(self, context: LLMContext) -> AsyncStream[ChatCompletionChunk]:
        """See Pipecat. One that is only slow is not given up for the second request."""
        ask = super().get_chat_completions
        asked = [asyncio.ensure_future(ask(context))]
        try:
            done, _ = await asyncio.wait(asked, timeout=AGAIN_SECONDS)
            if not done:
                asked.append(asyncio.ensure_future(ask(context)))
                done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            first = next(each for each in asked if each in done)
            asked.remove(first)
            stream = first.result()
            self._begun = True
            return stream
        finally:
            for each in asked:
                await _drop(each)

    async def _process_context(self, context: LLMContext) -> None:
        self._begun, self._said, self._resumed = False, "", False
        try:
            await super()._process_context(context)
        except APIConnectionError:
            if not self._begun:
                raise  # The SDK has tried twice.
            log.warning("an answer breaks off, and is asked for once more")
            self._resumed = bool(self._said.strip())
            await super()._process_context(going_on(context, self._said))

    async def _push_llm_text(self, text: str) -> None:
        if self._resumed:
            # It begins an answer, as far as it knows.
            text, self._resumed = f" {text.lstrip()}", False
        self._said += text
        await super()._push_llm_text(text)


async def _drop(asked: "asyncio.Future[AsyncStream[ChatCompletionChunk]]") -> None:
    if not asked.done():
        asked.cancel()
    elif not asked.cancelled() and not asked.exception():
        await asked.result().close()
