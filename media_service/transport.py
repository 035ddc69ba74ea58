"""Pipecat's transport over a phone line."""

from typing import cast

from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from starlette.websockets import WebSocket

from calls.agent import Agent
from media_service.line import Line
from media_service.noise_filter import NoiseFilter
from media_service.twilio_serializer import TwilioSerializer


def transport(line: Line, agent: Agent) -> FastAPIWebsocketTransport:
    """Its input is what the callee says, its output what they hear."""
    return FastAPIWebsocketTransport(
        cast("WebSocket", line),  # It has all of a WebSocket that the transport uses.
        FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_in_filter=NoiseFilter() if agent.noise_filter == "rnnoise" else None,
            # The session closes the line; nothing is to be appended to the last word.
            audio_out_end_silence_secs=0,
            allowed_origins=[],
            serializer=TwilioSerializer(),
        ),
    )
