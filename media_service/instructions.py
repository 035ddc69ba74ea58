"""The LLM's system message: the agent's own prompt, and the product's few rules."""

from collections.abc import Set

from calls.agent import Agent
from media_service.tools import (
    do_not_call,
    end_call,
    record_answer,
    schedule_callback,
    send_digits,
    start_recording,
    transfer_call,
)

_RULES = {
    end_call.NAME: "When the conversation is over, say goodbye and call end_call in the same "
    "answer.",
    do_not_call.NAME: "If they never want to be called again, call do_not_call.",
    transfer_call.NAME: "To put them through to somebody, say so and call transfer_call in the "
    "same answer. You cannot reach anybody else.",
    record_answer.NAME: "Whenever they answer something that record_answer asks for, call it at "
    "once; never guess a value.",
    schedule_callback.NAME: "If they would rather be called later, ask when and call "
    "schedule_callback; tell them the day and the time that it answers.",
    send_digits.NAME: "Where a machine asks for keys, press them with send_digits; do not say "
    "them.",
    start_recording.NAME: "You have asked whether the call may be recorded. If they did not answer "
    'that, ask once more: "{question}" Call start_recording only if they agree; if not, go on '
    "without it.",
}


def instructions(agent: Agent, prompt: str, tools: Set[str]) -> str:
    """The system message.

    Args:
        prompt: the agent's, rendered.
        tools: the names of those that the agent is offered.
    """
    rules = [_language(agent)]
    rules += [
        rule.format(question=agent.speaks.recording_question)
        for name, rule in _RULES.items()
        if name in tools
    ]
    if set(agent.tools.http) & tools:
        rules.append("If a tool fails, say that you are sorry, and do without it.")
    return "\n\n".join([prompt, "Rules:\n" + "\n".join(f"- {rule}" for rule in rules)])


def _language(agent: Agent) -> str:
    if agent.detect_language:
        return f"Speak the language that they speak; at first, {agent.speaks.name}."
    return f"Speak {agent.speaks.name}."
