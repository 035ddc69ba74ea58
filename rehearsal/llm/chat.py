"""A chat completion request, as far as a scenario needs it. Everything else is let pass."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rehearsal.llm.extraction import ResponseFormat

MODELS = {
    "openai/gpt-oss-120b": "OpenAI",
    "openai/gpt-oss-20b": "OpenAI",
    "llama-3.1-8b-instant": "Meta",
    "qwen/qwen3-32b": "Alibaba Cloud",
}
"""Model → its owner. Some of what Groq serves; anything else does not exist here."""


_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d\b")


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Part(_Lenient):
    """A piece of a message's content. Only text is read."""

    type: str
    text: str = ""


class Function(_Lenient):
    name: str
    description: str = ""
    parameters: dict[str, Any] = {}
    """Of a tool that is offered: the JSON schema of its arguments."""
    arguments: str = "{}"

    @property
    def given(self) -> object:
        """The arguments; None, if they are no JSON."""
        try:
            return json.loads(self.arguments)
        except ValueError:
            return None


class Call(_Lenient):
    function: Function


class Message(_Lenient):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[Part, ...] | None = None
    tool_calls: tuple[Call, ...] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, tuple):
            return " ".join(part.text for part in self.content)
        return self.content or ""

    @property
    def called(self) -> list[tuple[str, object]]:
        """The tools that it calls, by name, with their arguments."""
        return [(call.function.name, call.function.given) for call in self.tool_calls or ()]


class Tool(_Lenient):
    type: str = "function"
    function: Function


class StreamOptions(_Lenient):
    include_usage: bool = False


class ChatRequest(_Lenient):
    """The body of ``POST /openai/v1/chat/completions``."""

    model: str
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: str | dict[str, Any] | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    n: int | None = Field(None, ge=1, le=1)
    response_format: ResponseFormat | None = None

    @property
    def system(self) -> str:
        """The leading system message; empty: there is none."""
        first = self.messages[0]
        return first.text if first.role in ("system", "developer") else ""

    @property
    def text(self) -> str:
        """All messages."""
        return "\n".join(message.text for message in self.messages)

    @property
    def since(self) -> str:
        """All messages after the leading system message."""
        return "\n".join(message.text for message in self._conversation)

    @property
    def heard(self) -> str:
        """The last message that is neither the assistant's nor the leading system message."""
        others = [message for message in self._conversation if message.role != "assistant"]
        return others[-1].text if others else ""

    @property
    def heard_since(self) -> str:
        """All that came since the assistant last spoke: people pause within an answer."""
        since: list[str] = []
        for message in self._conversation:
            since = [] if message.role == "assistant" else [*since, message.text]
        return " ".join(since)

    @property
    def _conversation(self) -> Sequence[Message]:
        leading = 1 if self.messages[0].role in ("system", "developer") else 0
        return self.messages[leading:]

    @property
    def answers(self) -> list[Message]:
        """What the assistant has said so far."""
        return [message for message in self.messages if message.role == "assistant"]

    @property
    def offered(self) -> frozenset[str]:
        """The tools that may be called now."""
        if self.tool_choice == "none":
            return frozenset()
        return frozenset(tool.function.name for tool in self.tools or ())

    @property
    def now(self) -> datetime:
        """The local time that a tool's description tells; else UTC's."""
        for tool in self.tools or ():
            if told := _TIME.search(tool.function.description):
                return datetime.fromisoformat(told[0])
        return datetime.now(UTC)

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage
