"""The door at which ``pipecat.evals`` meets a call: RTVI in and out.

Pipecat's own stands inside the pipeline, in the place of a telephone's transport. Ours stands
outside of the product: it says on the phone what the callee is to say, and tells of what is heard
there and written in the record.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

from pipecat.processors.frameworks.rtvi.models import MESSAGE_LABEL, PROTOCOL_VERSION
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from calls.call import Call, Turn
from calls.tool_use import ToolUse
from evals.phone import Phone


class Door:
    """One call's.

    Args:
        answer: called once whoever comes is ready: the phone is picked up.
    """

    def __init__(self, phone: Phone, answer: Callable[[], None]) -> None:
        self._phone = phone
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._out: asyncio.Queue[list[dict[str, Any]] | None] = asyncio.Queue()
        self._ids = itertools.count(1)

    # What happens in the call; told from any thread.

    def sounds(self, what: str) -> None:
        """``bot-started-speaking`` or ``bot-stopped-speaking``."""
        self._put([_message(what)])

    def said(self, turn: Turn) -> None:
        """A turn was written. What was cut short is nobody's answer, and no more is a filler."""
        if turn.role == "callee":
            heard = {"input_type": "transcription", "text": turn.text, "final": True}
            self._put([_message("user-input", heard)])
        elif turn.interrupted:
            self._put([_message("bot-interrupted")])
        elif turn.kind != "filler":
            text = _message("bot-llm-text", {"text": turn.text})
            self._put([_message("bot-llm-started"), text, _message("bot-llm-stopped")])

    def changed(self, before: Call, after: Call) -> None:
        """The record has changed; its uses of tools are told."""
        known = {use.key: use for use in before.tool_uses}
        for use in after.tool_uses:
            if use.key not in known:
                self._put([_called(use)])
            if use.finished_at and not (use.key in known and known[use.key].finished_at):
                self._put([_finished(use)])

    def ended(self) -> None:
        """The call is over: whoever is here is let out."""
        self._put(None)

    # Whoever comes.

    async def meet(self, socket: ServerConnection) -> None:
        """Let them talk with the callee's voice, until either side leaves."""
        telling = asyncio.create_task(self._tell(socket), name="door")
        try:
            async for text in socket:
                if not await self._take(socket, json.loads(text)):
                    break
        except ConnectionClosed:
            pass
        finally:
            telling.cancel()

    async def _take(self, socket: ServerConnection, message: dict[str, Any]) -> bool:
        """Whether they stay."""
        kind, data = message.get("type"), message.get("data") or {}
        if kind == "client-ready":
            ready = {**_message("bot-ready", {"version": PROTOCOL_VERSION}), "id": message["id"]}
            await socket.send(json.dumps(ready))
            self._answer()
        elif kind == "send-text":
            self._phone.say(data["content"])
        elif kind == "dtmf":
            for key in data["buttons"]:
                self._phone.press(key)
        return not (kind == "client-message" and data.get("t") == "eval-cancel")

    async def _tell(self, socket: ServerConnection) -> None:
        while (messages := await self._out.get()) is not None:
            if messages[0]["type"] == "bot-llm-started":
                # A turn is written once it is sent; nobody answers what they have not heard.
                await self._phone.quiet()
            for message in messages:
                await socket.send(json.dumps({**message, "id": str(next(self._ids))}))
        await socket.close()

    def _put(self, messages: list[dict[str, Any]] | None) -> None:
        self._loop.call_soon_threadsafe(self._out.put_nowait, messages)


def _message(kind: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"label": MESSAGE_LABEL, "type": kind, "data": data or {}}


def _called(use: ToolUse) -> dict[str, Any]:
    told = {"tool_call_id": use.key, "function_name": use.name, "arguments": use.arguments}
    return _message("llm-function-call-in-progress", told)


def _finished(use: ToolUse) -> dict[str, Any]:
    told = {"tool_call_id": use.key, "function_name": use.name, "cancelled": False}
    return _message("llm-function-call-stopped", {**told, "result": use.result})
