"""``transfer_call``: join the callee with one of the people that the agent's file names."""

from typing import Any

from calls.tool_use import ToolUse
from media_service.frames import LeavingResult
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool

NAME = "transfer_call"


def transfer_call(controls: Controls) -> Tool:
    """For an agent with ``tools.transfer_call``."""
    targets = controls.agent.tools.transfer_call
    who = "\n".join(f"- {name}: {target.description}" for name, target in targets.items())

    async def run(arguments: dict[str, Any], _: ToolUse) -> Result:
        name = arguments["target"]
        controls.transfer(name, targets[name])
        return Result(
            {"status": "the call is handed over once your announcement has been heard"},
            LeavingResult(otherwise=controls.words.now.fillers[0]),
        )

    return Tool(
        NAME,
        "Hand the call over to somebody else. Call this together with one sentence that tells the "
        "person to whom they are put through, in the same answer. It is heard to its end, and your "
        f"part in the call is over then. The targets, and when to choose which:\n{who}",
        run,
        {
            "type": "object",
            "properties": {"target": {"type": "string", "enum": list(targets)}},
            "required": ["target"],
        },
    )
