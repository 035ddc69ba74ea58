"""Stands in for a model where there is no key: it says what its suite gives it, but only if the
request that was really sent lets a model know it. Pure.

A model that is not told the time of an appointment cannot say it; one that is not offered a tool
cannot use it; one whose tool has no field for an answer cannot record it. So does not this one, and
it keeps what it lacked.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from evals.suite import Reply
from rehearsal.llm.chat import ChatRequest
from rehearsal.llm.conversation import Answer, at_their_time, given
from rehearsal.llm.extraction import extracted
from rehearsal.scenario import ToolCall

_SPEAK = re.compile(r"^- Speak (?:the language that they speak; at first, )?(\w+)\.$", re.MULTILINE)
"""How the system message says what is to be spoken: see ``media_service.instructions``."""
_NOT_KNOWN = {
    "English": "I am sorry, I do not know that.",
    "Spanish": "Lo siento, no lo sé.",
    "German": "Es tut mir leid, das weiß ich nicht.",
    "French": "Je suis désolé, je ne le sais pas.",
    "Italian": "Mi dispiace, non lo so.",
    "Dutch": "Het spijt me, dat weet ik niet.",
    "Portuguese": "Desculpe, não sei.",
}
_PERSON = {"answered_by": {"choice": "human", "probabilities": {"human": 1.0}}}
"""Who answered, if that is asked: a suite has people."""
_NOTHING = "There is nothing more to tell."
_AGAIN = {"English": "I am sorry, could you say that again?", "Spanish": "Perdone, ¿puede repetir?"}


@dataclass
class StandIn:
    """One call's.

    Attributes:
        gaps: what it was not told, and would have needed; each once.
    """

    language: str
    """Of the suite, in English: ``Spanish``."""
    replies: tuple[Reply, ...]
    gaps: list[str] = field(default_factory=list)

    def answer(self, request: ChatRequest) -> Answer:
        """What it says to that, and the tools that it uses."""
        if request.response_format and request.response_format.is_json:
            return Answer(extracted(_PERSON, request.response_format))
        speaks = _SPEAK.search(request.system)
        if speaks is None:  # It is asked apart from the conversation, for a summary of it.
            return Answer(_NOTHING)
        spoken = speaks[1]
        if spoken != self.language:
            self._lacks(f"the prompt has it speak {spoken}, and its callees speak {self.language}")
            return Answer(_NOT_KNOWN.get(spoken, _NOT_KNOWN["English"]))
        for heard in (request.heard, request.heard_since):
            for reply in self.replies:
                if not re.search(reply.heard, heard, re.IGNORECASE):
                    continue
                facts = _facts(reply, request.system)
                say = _filled(reply.say, facts)
                calls = [_of(call, facts, request) for call in reply.calls]
                if reply.again or not given(say, calls, request.answers):
                    return self._known(reply, say, calls, request) or Answer(_NOT_KNOWN[spoken])
        return Answer(_AGAIN.get(spoken, _NOT_KNOWN[spoken]))

    def _known(
        self, reply: Reply, say: str, calls: list[ToolCall], request: ChatRequest
    ) -> Answer | None:
        """The reply, as far as a model could have come to it; None, if not at all."""
        missing = [need for need in reply.needs if not _told(need, request.system)]
        for need in missing:
            self._lacks(f"the prompt says nothing like /{need}/, which an answer needs")
        offered = [call for call in calls if call.name in request.offered]
        for call in calls:
            if call.name not in request.offered:
                self._lacks(f"the model is offered no tool {call.name}")
        if missing or len(offered) < len(calls):
            return None
        made = [self._made(call, request) for call in offered]
        possible = tuple(call for call in made if call is not None)
        if not say and not possible:
            return None
        return Answer(say, possible)

    def _made(self, call: ToolCall, request: ChatRequest) -> ToolCall | None:
        """The call with the arguments that the tool's schema has; None, if none is left of some."""
        takes = _properties(call.name, request)
        arguments = {}
        for name, value in call.arguments.items():
            if name not in takes:
                self._lacks(f"{call.name} has no field {name}")
            elif not _allowed(value, takes[name]):
                self._lacks(f"{call.name} takes no {value!r} as {name}")
            else:
                arguments[name] = value
        if call.arguments and not arguments:
            return None
        return call.model_copy(update={"arguments": arguments})

    def _lacks(self, what: str) -> None:
        if what not in self.gaps:
            self.gaps.append(what)


def _told(need: str, system: str) -> re.Match[str] | None:
    # A prompt's lines are broken anywhere.
    return re.search(need, " ".join(system.split()), re.IGNORECASE)


def _facts(reply: Reply, system: str) -> dict[str, str]:
    found = [_told(need, system) for need in reply.needs]
    return {name: text for each in found if each for name, text in each.groupdict("").items()}


def _filled(text: str, facts: dict[str, str]) -> str:
    for name, fact in facts.items():
        text = text.replace("{{" + name + "}}", fact)
    return text


def _of(call: ToolCall, facts: dict[str, str], request: ChatRequest) -> ToolCall:
    arguments = {
        name: _filled(value, facts) if isinstance(value, str) else value
        for name, value in call.arguments.items()
    }
    return at_their_time(call.model_copy(update={"arguments": arguments}), request.now)


def _properties(name: str, request: ChatRequest) -> dict[str, Any]:
    for tool in request.tools or ():
        if tool.function.name == name:
            properties = tool.function.parameters.get("properties")
            return properties if isinstance(properties, dict) else {}
    return {}


def _allowed(value: Any, schema: Any) -> bool:
    # By what a model chooses; the tool itself checks the rest.
    if not isinstance(schema, dict):
        return True
    if "anyOf" in schema:
        return any(_allowed(value, each) for each in schema["anyOf"])
    if schema.get("type") == "null":
        return value is None
    return "enum" not in schema or value in schema["enum"]
