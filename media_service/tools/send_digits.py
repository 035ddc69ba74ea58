"""``send_digits``: press keys, as the tones that a machine at the other end understands."""

from typing import Any

from pipecat.frames.frames import FunctionCallResultProperties

from calls.tool_use import ToolUse
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool

NAME = "send_digits"
MOST = 32
"""So many keys at once; Twilio's own limit."""


def send_digits(controls: Controls) -> Tool:
    """For an agent with ``tools.send_digits``."""

    async def run(arguments: dict[str, Any], _: ToolUse) -> Result:
        await controls.press(arguments["digits"])
        # The machine at the other end speaks next.
        return Result({"status": "pressed"}, FunctionCallResultProperties(run_llm=False))

    return Tool(
        NAME,
        "Press keys on the phone. Only where a machine asks for them, such as a menu.",
        run,
        {
            "type": "object",
            "properties": {
                "digits": {
                    "type": "string",
                    "pattern": f"^[0-9*#]{{1,{MOST}}}$",
                    "description": "The keys, in order: 0 to 9, * and #.",
                }
            },
            "required": ["digits"],
        },
    )
