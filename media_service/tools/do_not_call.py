"""``do_not_call``: the callee asked never to be phoned again."""

from typing import Any

from pipecat.frames.frames import FunctionCallResultProperties

from calls.tool_use import ToolUse
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool

NAME = "do_not_call"


def do_not_call(controls: Controls) -> Tool:
    """Every agent's. The callee's own words and key do the same without it."""

    async def run(arguments: dict[str, Any], _: ToolUse) -> Result:
        controls.opt_out(arguments.get("reason"))
        return Result(
            {"status": "never called again; the call ends"},
            FunctionCallResultProperties(run_llm=False),
        )

    return Tool(
        NAME,
        "The person does not want to be called again, in whatever words. They are told so, and the "
        "call ends: say nothing yourself. Not for somebody who only wants to end this call.",
        run,
        {
            "type": "object",
            "properties": {
                "reason": {
                    "type": "string",
                    "maxLength": 200,
                    "description": "What they said, in a few words.",
                }
            },
        },
        to_the_end=True,
    )
