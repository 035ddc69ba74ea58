"""The LLMs' vendors, asked for one JSON object over HTTP.

Groq and OpenAI by chat completions (``response_format``), Anthropic by messages
(``output_config``). A model or schema for which the vendor has no structured output is answered
400; then it is asked again for JSON in the plain way, since the schema stands in the prompt too.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx

from calls.adapters.strict_schema import NotStrictError, strict
from calls.agent import Agent
from calls.ports import CompletionError, SecretMissingError, Secrets, UnreadableAnswerError
from calls.settings import Settings
from calls.vendor_choice import LlmChoice

SECONDS = 20.0
"""For one request, from its first byte to the answer's last."""
ASK_SECONDS = 40.0
"""After so long no other vendor or form is tried."""
MAX_TOKENS = 4000
"""Of the answer, the model's reasoning included; an agent's own limit is for what it speaks."""
MAX_ANSWER_BYTES = 1024 * 1024
_ANTHROPIC_VERSION = "2023-06-01"
_NAME = "report"

Messages = list[dict[str, str]]
Form = dict[str, Any] | None
"""The schema that an answer is held to; None: just JSON."""
log = logging.getLogger(__name__)


class _RefusedError(Exception):
    """The vendor answered 400 or 422: it may take the same in another form."""


class LlmCompletion:
    """``calls.ports.Completion`` on the agent's vendor, or on a fallback of it."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        *,
        client: httpx.Client | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._client = client or httpx.Client(timeout=httpx.Timeout(SECONDS, connect=5))
        self._clock = clock

    def ask(self, agent: Agent, messages: Messages, schema: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        why: Exception | None = None
        until = self._clock() + ASK_SECONDS
        for choice in agent.llm.choices:
            try:
                return _read(self._text(choice, messages, _forms(schema)))
            except (CompletionError, SecretMissingError) as error:
                log.warning("an LLM gave no answer", extra={"vendor": choice.vendor})
                why = error
            if self._clock() > until:
                break
        raise CompletionError(str(why)) from why

    def _text(self, choice: LlmChoice, messages: Messages, forms: list[Form]) -> str:
        refused: Exception | None = None
        for form in forms:
            try:
                return self._post(choice, messages, form)
            except _RefusedError as error:
                refused = error
        raise CompletionError(str(refused)) from refused

    def _post(self, choice: LlmChoice, messages: Messages, wanted: Form) -> str:
        key = self._secrets.get(f"{choice.vendor}/api-key")
        if choice.vendor == "anthropic":
            body = _messages(choice, messages, wanted)
            headers = {"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION}
            answer = self._send(f"{self._settings.anthropic_base_url}/v1/messages", headers, body)
        else:
            base = getattr(self._settings, f"{choice.vendor}_base_url")
            body = _chat(choice, messages, wanted)
            headers = {"authorization": f"Bearer {key}"}
            answer = self._send(f"{base}/chat/completions", headers, body)
        try:
            if choice.vendor == "anthropic":
                texts = (part["text"] for part in answer["content"] if part["type"] == "text")
                return "".join(texts)
            return str(answer["choices"][0]["message"]["content"] or "")
        except (KeyError, IndexError, TypeError) as error:
            raise CompletionError("the answer is not of the vendor's kind") from error

    def _send(self, url: str, headers: dict[str, str], body: dict[str, Any]) -> Any:
        deadline = self._clock() + SECONDS
        try:
            with self._client.stream("POST", url, headers=headers, json=body) as answer:
                read = b""
                for piece in answer.iter_bytes():
                    read += piece
                    if len(read) > MAX_ANSWER_BYTES or self._clock() > deadline:
                        raise CompletionError("the answer is too long, or takes too long")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise CompletionError(f"no answer: {type(error).__name__}") from error
        if answer.status_code in (400, 422):
            raise _RefusedError(f"refused: {answer.status_code}")
        if not answer.is_success:
            raise CompletionError(f"refused: {answer.status_code}")
        try:
            return json.loads(read)
        except ValueError as error:
            raise CompletionError("the answer is not of the vendor's kind") from error


def _forms(schema: dict[str, Any]) -> list[Form]:
    try:
        return [strict(schema), None]
    except NotStrictError:
        return [None]


def _chat(choice: LlmChoice, messages: Messages, wanted: Form) -> dict[str, Any]:
    """The body for ``POST …/chat/completions``."""
    form: dict[str, Any] = {"type": "json_object"}
    if wanted is not None:
        form = {
            "type": "json_schema",
            "json_schema": {"name": _NAME, "strict": True, "schema": wanted},
        }
    body: dict[str, Any] = {
        "model": choice.model,
        "messages": messages,
        "response_format": form,
        "max_completion_tokens": MAX_TOKENS,
    }
    if choice.reasoning_effort is not None:
        body["reasoning_effort"] = choice.reasoning_effort
    return body


def _messages(choice: LlmChoice, messages: Messages, wanted: Form) -> dict[str, Any]:
    """The body for Anthropic's ``POST /v1/messages``."""
    system, *rest = messages
    body: dict[str, Any] = {
        "model": choice.model,
        "system": system["content"],
        "messages": rest,
        "max_tokens": MAX_TOKENS,
    }
    if wanted is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": wanted}}
    return body


def _read(text: str) -> dict[str, Any]:
    """The object in an answer, which a model without structured output may put into a fence."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = json.loads(text[start : end + 1])
    except ValueError as error:
        raise UnreadableAnswerError("the answer is no JSON object") from error
    if not isinstance(answer, dict):
        raise UnreadableAnswerError("the answer is no JSON object")
    return answer
