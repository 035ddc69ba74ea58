"""``start_recording``: once the callee agreed to it."""

from typing import Any

from calls.tool_use import ToolUse
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool, done, failed

NAME = "start_recording"


def start_recording(controls: Controls) -> Tool:
    """For an agent with ``recording: ask``."""

    async def run(_: dict[str, Any], __: ToolUse) -> Result:
        if await controls.record():
            return done("the recording runs")
        return failed("the recording could not be started; go on without it")

    return Tool(
        NAME,
        "Start recording the call. Only after the person has clearly agreed to be recorded; never "
        "otherwise.",
        run,
    )
