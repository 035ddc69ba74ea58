"""``record_answer``: what the callee said, into the record's outcome, by the agent's schema."""

from functools import partial
from typing import Any

from calls import outcome
from calls.call import Call
from calls.tool_use import ToolUse
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool, done, failed

NAME = "record_answer"


def record_answer(controls: Controls, schema: dict[str, Any]) -> Tool:
    """For an agent with an ``outcome``, which is this schema."""

    def known(call: Call, said: dict[str, Any]) -> Call:
        return call.model_copy(update={"outcome": outcome.merge(call.outcome, said)})

    async def run(arguments: dict[str, Any], _: ToolUse) -> Result:
        said = outcome.merge(None, arguments)
        if not said:
            return failed("nothing to record: give at least one answer")
        controls.change(lambda call: known(call, said))
        return done("recorded")

    return Tool(
        NAME,
        "Write down what the person answered, as soon as they have said it; only what they said. "
        "Call it again when they say more, or correct themselves.",
        run,
        outcome.view(schema),
        partial(outcome.validate, schema),
        to_the_end=True,
    )
