"""``python -m benchmarks.vendors``: vendors that all take the same, known time.

Deepgram's two WebSockets and an OpenAI-compatible chat endpoint on one loopback port; the first
line of its output says where. What they say is nothing: only when they say it is measured.
"""

import argparse
import asyncio
import json
import sys
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

HANDSHAKE_SECONDS = 0.120
"""Of every WebSocket."""
VOICE_SECONDS = 0.200
"""From a text to the first of its sound."""
TOKEN_SECONDS = 0.250
"""From a request to the first token."""
RESULT_SECONDS = 0.150
"""From `Finalize` to the transcript."""
HEARD = "Yes, this is Sarah."
"""Whatever was said."""
NODDED = "Mm-hmm."
"""If it was no longer than NOD_SECONDS."""
NOD_SECONDS = 0.6
SAID = (
    "I am glad to hear that, thank you very much. Then there are some things left that I should "
    "tell you about it, and they will take me about ten seconds more, so please listen. "
)
LETTERS_PER_SECOND = 15.0
_LOUD = 200
"""Of a 16-bit sample's mean size: whoever speaks is louder."""

_SAYS = web.AppKey("says", str)
_asked: list[list[dict[str, Any]]] = []
"""The messages of every question to the LLM."""

_REQUEST = {"Content-Type": "text/event-stream"}


async def listen(request: web.Request) -> web.WebSocketResponse:
    """Deepgram's speech to text: a transcript for every `Finalize` after speech."""
    await asyncio.sleep(HANDSHAKE_SECONDS)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    voice = 0.0
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            pcm = np.frombuffer(message.data, np.int16).astype(np.float32)
            voice += len(pcm) / 8000 * bool(np.abs(pcm).mean() > _LOUD)
        if message.type is not WSMsgType.TEXT:
            continue
        kind = json.loads(message.data).get("type")
        if kind == "CloseStream":
            break
        if kind == "Finalize":
            await asyncio.sleep(RESULT_SECONDS)
            await socket.send_json(_result(NODDED if voice < NOD_SECONDS else HEARD))
            voice = 0.0
    return socket


async def speak(request: web.Request) -> web.WebSocketResponse:
    """Deepgram's text to speech: a tone as long as the text would take."""
    await asyncio.sleep(HANDSHAKE_SECONDS)
    rate = int(request.query.get("sample_rate", "24000"))
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    begun = False
    async for message in socket:
        command: dict[str, Any] = json.loads(message.data)
        if command["type"] == "Speak":
            if not begun:
                begun = True
                await asyncio.sleep(VOICE_SECONDS)
            await _sound(socket, len(command["text"]) / LETTERS_PER_SECOND, rate)
        elif command["type"] == "Flush":
            await socket.send_json({"type": "Flushed", "sequence_id": 0})
            begun = False
        elif command["type"] == "Clear":
            await socket.send_json({"type": "Cleared", "sequence_id": 0})
            begun = False
        elif command["type"] == "Close":
            break
    return socket


async def chat(request: web.Request) -> web.StreamResponse:
    """The LLM: always the same sentence."""
    asked: dict[str, Any] = await request.json()
    _asked.append(asked["messages"])
    await asyncio.sleep(TOKEN_SECONDS)
    if not asked.get("stream"):
        message = {"role": "assistant", "content": request.app[_SAYS]}
        return web.json_response(_completion({"message": message, "finish_reason": "stop"}))
    response = web.StreamResponse(headers=_REQUEST)
    await response.prepare(request)
    for word in request.app[_SAYS].split():
        await _send(response, {"delta": {"content": f"{word} "}, "finish_reason": None})
    await _send(response, {"delta": {}, "finish_reason": "stop"})
    await response.write(b"data: [DONE]\n\n")
    return response


async def told(_: web.Request) -> web.Response:
    """What the LLM was asked so far; not a vendor's, but the benchmark's own."""
    return web.json_response(_asked)


async def _send(response: web.StreamResponse, choice: dict[str, Any]) -> None:
    chunk = {**_completion(choice), "object": "chat.completion.chunk"}
    await response.write(f"data: {json.dumps(chunk)}\n\n".encode())


def _completion(choice: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "any",
        "choices": [{"index": 0, **choice}],
    }  # fmt: skip


def _result(text: str) -> dict[str, Any]:
    return {
        "type": "Results", "channel_index": [0, 1], "duration": 1.0, "start": 0.0,
        "is_final": True, "speech_final": True, "from_finalize": True,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.99, "words": []}]},
        "metadata": {
            "request_id": "1", "model_uuid": "1",
            "model_info": {"name": "any", "version": "1", "arch": "any"},
        },
    }  # fmt: skip


async def _sound(socket: web.WebSocketResponse, seconds: float, rate: int) -> None:
    at = np.arange(int(seconds * rate)) / rate
    pcm = (8000 * np.sin(2 * np.pi * 440 * at)).astype("<i2").tobytes()
    for start in range(0, len(pcm), rate // 5):
        await socket.send_bytes(pcm[start : start + rate // 5])


async def serve(port: int, says: str = SAID) -> None:
    """Serve for ever; the address goes to stdout."""
    app = web.Application()
    app[_SAYS] = says.strip()
    app.router.add_get("/v1/listen", listen)
    app.router.add_get("/v1/speak", speak)
    app.router.add_post("/openai/v1/chat/completions", chat)
    app.router.add_get("/asked", told)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    sys.stdout.write(f"listening on 127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vendors")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--says", default=SAID, help="what the LLM answers")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.says))


if __name__ == "__main__":
    main()
