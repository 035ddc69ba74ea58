"""``python -m benchmarks.stock_bot --vendors HOST:PORT``: a phone bot as Pipecat's guide writes it.

Source: docs.pipecat.ai, "Twilio WebSockets" and the phone chatbot quickstart: the same services
that Dialout uses by default, in their default settings, greeting the caller by having the LLM
introduce itself once the client is connected. Only the vendors' addresses are changed.

It has no noise filter: Pipecat's own needs PyAV beside RNNoise, which nothing here installs, and
without it passes the sound through unfiltered, with a line in its log.
"""

import argparse
import asyncio
import sys
from socket import socket

import uvicorn
from fastapi import FastAPI, WebSocket
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.deepgram.tts import DeepgramTTSService
from pipecat.services.groq.llm import GroqLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

PROMPT = (
    "You are a friendly AI assistant on a phone call. Your answers are spoken aloud: keep them "
    "short and free of special characters."
)


async def bot(websocket: WebSocket, vendors: str, speech: str) -> None:
    """One call."""
    _, call_data = await parse_telephony_websocket(websocket)
    serializer = TwilioFrameSerializer(
        stream_sid=call_data["stream_id"],
        call_sid=call_data["call_id"],
        # There is no Twilio here to hang up at.
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            add_wav_header=False,
            serializer=serializer,
        ),
    )
    stt = DeepgramSTTService(api_key="key", base_url=f"ws://{speech}")
    llm = GroqLLMService(
        api_key="key",
        base_url=f"http://{vendors}/openai/v1",
        settings=GroqLLMService.Settings(system_instruction=PROMPT),
    )
    tts = DeepgramTTSService(
        api_key="key",
        base_url=f"ws://{speech}",
        settings=DeepgramTTSService.Settings(voice="aura-2-theia-en"),
    )
    context = LLMContext()
    user, assistant = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    worker = PipelineWorker(
        Pipeline(
            [transport.input(), stt, user, llm, tts, transport.output(), assistant],
        ),
        params=PipelineParams(
            audio_in_sample_rate=8000,
            audio_out_sample_rate=8000,
            enable_metrics=True,
            enable_usage_metrics=True,
        ),
    )

    @transport.event_handler("on_client_connected")  # type: ignore[untyped-decorator] # Pipecat's
    async def on_client_connected(_: object, __: object) -> None:
        context.add_message({"role": "developer", "content": "Please introduce yourself."})
        await worker.queue_frames([LLMRunFrame()])

    @transport.event_handler("on_client_disconnected")  # type: ignore[untyped-decorator] # Pipecat's
    async def on_client_disconnected(_: object, __: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


async def serve(port: int, vendors: str, speech: str) -> None:
    """Serve for ever; the address goes to stdout."""
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        await bot(websocket, vendors, speech)

    await _Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")).serve()


class _Server(uvicorn.Server):
    """Says where it listens: with port 0, nobody else knows."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        address = self.servers[0].sockets[0].getsockname()
        sys.stdout.write(f"listening on 127.0.0.1:{address[1]}\n")
        sys.stdout.flush()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stock_bot")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--vendors", required=True, help="the LLM's host and port")
    parser.add_argument("--speech", help="Deepgram's, if they are others")
    given = parser.parse_args()
    speech = given.speech or given.vendors
    asyncio.run(serve(given.port, given.vendors, speech))


if __name__ == "__main__":
    main()
