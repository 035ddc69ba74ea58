"""An agent's own tools: requests to the user's own addresses."""

import json
import logging
from collections.abc import Callable
from typing import Any

from calls.adapters.guarded_http import Answer, GuardedRequestError
from calls.ports import SecretMissingError
from calls.tool_use import ToolUse
from calls.tools import HttpTool
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool, failed

log = logging.getLogger(__name__)

MOST_BYTES = 8 * 1024
"""Of an answer, for the LLM; the rest is cut."""


def http_tool(controls: Controls, name: str, declared: HttpTool, filler: Callable[[], str]) -> Tool:
    """One of an agent's ``tools.http``.

    Args:
        filler: the next phrase to say while its answer is waited for.
    """

    async def run(arguments: dict[str, Any], use: ToolUse) -> Result:
        await controls.fill(declared.filler or filler())
        body = {
            "call_id": controls.call.call_id,
            "tool": name,
            "arguments": arguments,
            "to_number": controls.call.to_number,
            "from_number": controls.call.from_number,
        }
        fields = {"call_id": controls.call.call_id, "tool": name}
        try:
            answer = await controls.post(declared.url, body, controls.uses.idempotency_key(use))
        except GuardedRequestError as error:
            log.warning("a tool was not reached", extra={**fields, "why": str(error)})
            return failed(str(error))
        except TimeoutError:
            log.warning("a tool did not answer in time", extra=fields)
            return failed("no answer in time")
        except SecretMissingError as error:
            log.error("a tool cannot be asked", extra={**fields, "why": str(error)})
            return failed("not available")
        return _result(answer, fields)

    return Tool(name, declared.description, run, declared.parameters)


def _result(answer: Answer, fields: dict[str, str]) -> Result:
    if not 200 <= answer.status < 300:
        log.warning("a tool refused", extra={**fields, "status": answer.status})
        return failed(f"status {answer.status}")
    text = answer.body[:MOST_BYTES].decode("utf-8", "ignore").strip()
    if len(answer.body) > MOST_BYTES:
        return Result({"result": text, "cut": True})
    try:
        return Result({"result": json.loads(text)})
    except ValueError:
        return Result({"result": text})
