"""Which reply of a scenario answers a conversation. Pure: all it knows is in the messages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rehearsal.llm.chat import ChatRequest, Message
from rehearsal.scenario import Llm, ToolCall

_LATER = re.compile(r"\{\{\+(\d+) min\}\}")

PREFIX = 3
"""Words of a reply after which it counts as said: an interrupted reply is cut short in the
history, where it was cut."""


@dataclass(frozen=True)
class Answer:
    """What to say, and the tools to call with it."""

    say: str
    calls: tuple[ToolCall, ...] = ()


def part(scenarios: Mapping[str, Llm], default: str, system: str, since: str = "") -> Llm:
    """The scenario that serves a request with this system message.

    Args:
        since: what came after it.

    The default one comes first where it matches, so that of two scenarios with the same words in
    ``match`` the one that is being rehearsed answers.

    Raises:
        KeyError: no scenario is named like the default.
    """
    chosen = sorted(scenarios.values(), key=lambda llm: llm.after is None)
    for llm in (scenarios[default], *chosen):
        after = not llm.after or re.search(llm.after, since, re.IGNORECASE)
        if llm.match and after and re.search(llm.match, system, re.IGNORECASE):
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
            calls = tuple(at_their_time(call, request.now) for call in reply.calls)
            if reply.again or not given(reply.say, calls, request.answers):
                offered = tuple(call for call in calls if call.name in request.offered)
                return Answer(reply.say, offered)
    return Answer(llm.otherwise)


def given(say: str, calls: Sequence[ToolCall], answers: Sequence[Message]) -> bool:
    """Whether the assistant has given this reply, or has been interrupted while giving it."""
    words = _words(say)
    if words:
        return any(_said(words, _words(message.text)) for message in answers)
    # A tool may be called again with other arguments; and a client may part an answer's calls.
    called = [call for message in answers for call in message.called]
    return all((call.name, call.arguments) in called for call in calls)


def at_their_time(call: ToolCall, now: datetime) -> ToolCall:
    """The call with every ``{{+60 min}}`` in its arguments counted from now."""

    def local(found: re.Match[str]) -> str:
        return f"{now + timedelta(minutes=int(found[1])):%Y-%m-%dT%H:%M}"

    arguments = {
        name: _LATER.sub(local, value) if isinstance(value, str) else value
        for name, value in call.arguments.items()
    }
    return call.model_copy(update={"arguments": arguments})


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
