"""The HTTP protocols of the other vendors, each in its least form: what was asked is kept."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web

TONE_HZ = 440


@dataclass
class VendorServer:
    """OpenAI's transcriptions, speech and chat, and Anthropic's messages.

    Attributes:
        hears: every utterance's words.
        answers: every question's.
        refuses: paths, or ends of them, that are answered with 401.
        asked: path and body of every request, in order.
    """

    hears: str = "Yes, this is Sarah."
    answers: str = "Good to hear that."
    refuses: set[str] = field(default_factory=set)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(middlewares=[self._refuse])
        app.router.add_post("/v1/audio/transcriptions", self.transcriptions)
        app.router.add_post("/v1/audio/speech", self.speech)
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_post("/v1/messages", self.messages)
        app.router.add_get("/tts/websocket", self.cartesia)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        assert self._runner
        await self._runner.cleanup()

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was asked there."""
        return [body for asked, body in self.asked if asked == path]

    @web.middleware
    async def _refuse(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if any(request.path.endswith(path) for path in self.refuses):
            self.asked.append((request.path, {"refused": True}))
            return web.json_response({"error": {"message": "no such key"}}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def transcriptions(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        sound = form["file"]
        assert isinstance(sound, web.FileField)
        body = {name: str(value) for name, value in form.items() if name != "file"}
        self.asked.append((request.path, {**body, "bytes": len(sound.file.read())}))
        return web.json_response({"text": self.hears})

    async def speech(self, request: web.Request) -> web.StreamResponse:
        """A tone of 60 ms a letter: 24 kHz, 16 bits."""
        body = await request.json()
        self.asked.append((request.path, body))
        at = np.arange(int(24_000 * 0.06 * len(body["input"]))) / 24_000
        sound = (8_000 * np.sin(2 * np.pi * TONE_HZ * at)).astype("<i2").tobytes()
        return web.Response(body=sound, content_type="audio/pcm")

    async def cartesia(self, request: web.Request) -> web.WebSocketResponse:
        """The same tone, at the rate and in the format that is asked for."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            asked = json.loads(message.data)
            self.asked.append((request.path, asked))
            context = asked["context_id"]
            if asked.get("transcript"):
                rate = asked["output_format"]["sample_rate"]
                at = np.arange(int(rate * 0.06 * len(asked["transcript"]))) / rate
                sound = (8_000 * np.sin(2 * np.pi * TONE_HZ * at)).astype("<i2").tobytes()
                data = base64.b64encode(sound).decode()
                await socket.send_json({"type": "chunk", "context_id": context, "data": data})
            if not asked.get("continue"):
                await socket.send_json({"type": "done", "context_id": context})
        return socket

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, await request.json()))
        chunks = [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": word + " "}}]}
            for word in self.answers.split()
        ] + [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        each = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        lines = [f"data: {json.dumps({**each, **chunk})}\n\n" for chunk in chunks]
        return await _stream(request, [*lines, "data: [DONE]\n\n"])

    async def messages(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, await request.json()))
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {
            "id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0,
             "content_block": {"type": "text", "text": ""}},
            *({"type": "content_block_delta", "index": 0,
               "delta": {"type": "text_delta", "text": word + " "}}
              for word in self.answers.split()),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
             "usage": usage},
            {"type": "message_stop"},
        ]  # fmt: skip
        lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
        return await _stream(request, lines)


async def _stream(request: web.Request, lines: list[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for line in lines:
        await response.write(line.encode())
    return response
