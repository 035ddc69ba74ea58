"""Which reply of a scenario answers a conversation. Pure: all it knows is in the messages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.llm.chat import ChatRequest, Message
from rehearsal.scenario import Llm, Reply, ToolCall

PREFIX = 3
"""Words of a reply after which it counts as said: an interrupted reply is cut short in the
history, where it was cut."""


@dataclass(frozen=True)
class Answer:
    """What to say, and the tool to call with it."""

    say: str
    call: ToolCall | None = None


def part(scenarios: Mapping[str, Llm], default: str, system: str) -> Llm:
    """The scenario that serves a request with this system message.

    The default one comes first where it matches, so that of two scenarios with the same words in
    ``match`` the one that is being rehearsed answers.

    Raises:
        KeyError: no scenario is named like the default.
    """
    for llm in (scenarios[default], *scenarios.values()):
        if llm.match and re.search(llm.match, system, re.IGNORECASE):
            return llm
    return scenarios[default]


def answer(llm: Llm, request: ChatRequest) -> Answer:
    """The first reply that matches and was not given yet; else what is said otherwise.

    The last message counts; where nothing answers it, all that came since the assistant spoke.
    """
    for heard in (request.heard, request.heard_since):
        for reply in llm.replies:
            if not re.search(reply.heard, heard, re.IGNORECASE):
                continue
            if reply.again or not given(reply, request.answers):
                callable_now = reply.call and reply.call.name in request.offered
                return Answer(reply.say, reply.call if callable_now else None)
    return Answer(llm.otherwise)


def given(reply: Reply, answers: Sequence[Message]) -> bool:
    """Whether the assistant has given the reply, or has been interrupted while giving it."""
    words = _words(reply.say)
    if words:
        return any(_said(words, _words(message.text)) for message in answers)
    name = reply.call.name if reply.call else None
    return any(name in message.called for message in answers)


def _said(reply: list[str], message: list[str]) -> bool:
    for start in range(len(message)):
        length = 0
        for wanted, found in zip(reply, message[start:], strict=False):
            if wanted != found:
                break
            length += 1
        cut_short = length >= PREFIX and start + length == len(message)
        if length == len(reply) or cut_short:
            return True
    return False


def _words(text: str) -> list[str]:
    """Without punctuation and case, which a voice and its transcript may change."""
    return re.findall(r"\w+", re.sub(r"['’]", "", text.lower()))
