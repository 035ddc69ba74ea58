"""``end_call``: hang up, once the goodbye has been heard."""

from typing import Any

from calls.tool_use import ToolUse
from media_service.frames import LeavingResult
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool

NAME = "end_call"


def end_call(controls: Controls) -> Tool:
    """Every agent's."""

    async def run(_: dict[str, Any], __: ToolUse) -> Result:
        controls.hang_up()
        return Result(
            {"status": "the call ends once the goodbye has been heard"},
            LeavingResult(otherwise=controls.words.now.farewell),
        )

    return Tool(
        NAME,
        "Hang up. Call this together with your goodbye, in the same answer, when the conversation "
        "is over or the person wants to stop. The goodbye is heard to its end.",
        run,
        {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "description": "Why the call ends, in a few words."}
            },
        },
    )
