"""The tools of one call: what its agent may use, offered to the LLM and run for it."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import FunctionCallResultProperties
from pipecat.services.llm_service import FunctionCallParams, LLMService

from calls.call import now
from media_service.frames import LeavingResult
from media_service.tools.controls import Controls
from media_service.tools.do_not_call import do_not_call
from media_service.tools.end_call import end_call
from media_service.tools.http_tool import http_tool
from media_service.tools.record_answer import record_answer
from media_service.tools.schedule_callback import schedule_callback
from media_service.tools.send_digits import send_digits
from media_service.tools.start_recording import start_recording
from media_service.tools.tool import Result, Tool, failed
from media_service.tools.transfer_call import transfer_call

log = logging.getLogger(__name__)

_LONGEST = 500
"""Letters of an error told to the LLM."""
_STAYED = {"error": "it could not be done"}
_LEAVING = Result(
    {"error": "the call is ending; nothing was done"}, FunctionCallResultProperties(run_llm=False)
)


class Toolbox:
    """Runs tools by name: arguments are checked, the call's timeline notes it, and whatever goes
    wrong is told to the LLM and ends nothing."""

    def __init__(self, controls: Controls, tools: Iterable[Tool]) -> None:
        self._controls = controls
        self._tools = {tool.name: tool for tool in tools}
        self._now: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def names(self) -> frozenset[str]:
        """The tools there are."""
        return frozenset(self._tools)

    @property
    def running(self) -> bool:
        """Whether a tool is at work."""
        return bool(self._now)

    @property
    def schemas(self) -> ToolsSchema:
        """For the LLM's context."""
        return ToolsSchema(standard_tools=[tool.schema for tool in self._tools.values()])

    def register(self, llm: LLMService[Any]) -> None:
        """Have this LLM's calls run here."""
        for name in self._tools:
            # Never cancelled: what is half done would be done again by an LLM that sees it cut.
            llm.register_function(name, self._handle, cancel_on_interruption=False)

    async def run(self, name: str, arguments: Mapping[str, Any]) -> Result:
        """Run a tool. Never raises."""
        tool, at = self._tools[name], now()
        if self._controls.leaving() and not tool.to_the_end:
            return _LEAVING
        self._controls.change(lambda call: call.note("tool", at, name))
        if (name, arguments) in self._now:
            return failed("this is running already: wait for it")
        errors = tool.errors(arguments)
        if errors:
            return failed("; ".join(errors)[:_LONGEST])
        self._now.append((name, arguments))
        try:
            # Another leg, if it has the call, does it. What needs no fence is done in any case.
            if not tool.to_the_end and not await self._controls.holds():
                return _LEAVING
            return await self._use(tool, arguments)
        finally:
            self._now.remove((name, arguments))

    async def _use(self, tool: Tool, arguments: Mapping[str, Any]) -> Result:
        uses = self._controls.uses
        use = uses.begin(tool.name, arguments)
        try:
            result = await tool.run(dict(arguments), use)
        except Exception:
            log.exception("a tool failed", extra=self._where(tool.name))
            result = failed("it did not work")
        properties = result.properties
        if isinstance(properties, LeavingResult):
            uses.wait(use)
        else:
            silent = properties is not None and properties.run_llm is False
            uses.end(use, result.content, answered=silent)
        return result

    def stayed(self) -> None:
        """The agent was to leave, and did not."""
        self._controls.uses.fail(_STAYED)

    async def _handle(self, params: FunctionCallParams) -> None:
        arguments = params.arguments if isinstance(params.arguments, Mapping) else {}
        result = await self.run(params.function_name, arguments)
        await params.result_callback(dict(result.content), properties=result.properties)

    def _where(self, name: str) -> dict[str, str]:
        return {"call_id": self._controls.call.call_id, "tool": name}


def toolbox(controls: Controls) -> Toolbox:
    """The tools of the call's agent."""
    agent = controls.agent
    tools = [end_call(controls), do_not_call(controls)]
    if agent.tools.transfer_call:
        tools.append(transfer_call(controls))
    if agent.tools.send_digits:
        tools.append(send_digits(controls))
    if agent.outcome and agent.outcome.get("properties"):
        tools.append(record_answer(controls, agent.outcome))
    if agent.recording == "ask" and controls.call.recording is None:
        tools.append(start_recording(controls))
    if agent.tools.schedule_callback:
        callback = schedule_callback(controls, controls.scheduler)
        tools += [callback] if callback else []
    for name, declared in agent.tools.http.items():
        tools.append(http_tool(controls, name, declared, controls.words.next_filler))
    return Toolbox(controls, tools)
