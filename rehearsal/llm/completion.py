"""The JSON of an answer, whole and in chunks. Source: Groq's and OpenAI's API references."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rehearsal.llm.chat import ChatRequest
from rehearsal.llm.conversation import Answer

FINGERPRINT = "fp_rehearsal"


def _hex(prefix: str, length: int) -> str:
    return prefix + uuid.uuid4().hex[:length]


@dataclass(frozen=True)
class Completion:
    """One answer to one request."""

    request: ChatRequest
    answer: Answer
    id: str = field(default_factory=lambda: _hex("chatcmpl-", 32))
    request_id: str = field(default_factory=lambda: _hex("req_", 26))
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        message: dict[str, Any] = {"role": "assistant", "content": self.answer.say or None}
        if self.answer.calls:
            message["tool_calls"] = self._calls()
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self._finish_reason,
        }
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.request.model,
            "choices": [choice],
            "usage": self._usage(),
            "system_fingerprint": FINGERPRINT,
            "x_groq": {"id": self.request_id},
        }

    def opening(self) -> bytes:
        """The first event: who speaks."""
        chunk = self._chunk({"role": "assistant", "content": ""})
        return _event({**chunk, "x_groq": {"id": self.request_id}})

    def words(self) -> Iterator[bytes]:
        """An event a word, with the space before it."""
        for position, word in enumerate(self.answer.say.split()):
            yield _event(self._chunk({"content": f" {word}" if position else word}))

    def closing(self) -> Iterator[bytes]:
        """The tool calls, why it ends, what it cost where that was asked for, and the end."""
        for index, call in enumerate(self._calls()):
            yield _event(self._chunk({"tool_calls": [{**call, "index": index}]}))
        last = self._chunk({}, self._finish_reason)
        yield _event({**last, "x_groq": {"id": self.request_id, "usage": self._usage()}})
        if self.request.include_usage:
            yield _event({**self._chunk({}), "choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    @property
    def _finish_reason(self) -> str:
        return "tool_calls" if self.answer.calls else "stop"

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"fc_{self.id[-24:]}_{index}",
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for index, call in enumerate(self.answer.calls)
        ]

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.request.model,
            "system_fingerprint": FINGERPRINT,
            "choices": [choice],
        }

    def _usage(self) -> dict[str, Any]:
        """A word counts as a token."""
        prompt = sum(len(message.text.split()) for message in self.request.messages)
        said = len(self.answer.say.split())
        return {
            "queue_time": 0.0,
            "prompt_tokens": prompt,
            "prompt_time": 0.0,
            "completion_tokens": said,
            "completion_time": 0.0,
            "total_tokens": prompt + said,
            "total_time": 0.0,
        }


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body, separators=(',', ':'))}\n\n".encode()
