"""Pipecat's transport over a phone line."""

from typing import cast

from pipecat.frames.frames import InputAudioRawFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketInputTransport,
    FastAPIWebsocketOutputTransport,
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)
from starlette.websockets import WebSocket

from calls.agent import Agent
from media_service.listening.noise_filter import NoiseFilter
from media_service.phone.line import Line
from media_service.phone.twilio_serializer import TwilioSerializer


class _Input(FastAPIWebsocketInputTransport):
    """Pipecat's, without its queue and the timer around it: the line has a queue of its own, and
    each is one more change of task for every 20 ms of every call."""

    def _create_audio_task(self) -> None:
        return

    async def push_audio_frame(self, frame: InputAudioRawFrame) -> None:
        """Filter it, if the agent wants that, and pass it on."""
        if self._paused:
            return
        if self._params.audio_in_filter:
            frame.audio = await self._params.audio_in_filter.filter(frame.audio)
        if frame.audio:
            await self.push_frame(frame)


class _Output(FastAPIWebsocketOutputTransport):
    """Leaves it to the line when sound goes out.

    Pipecat's own sends as fast as is heard, 40 ms ahead (its chunks are of 16-bit samples, and it
    counts bytes), and never makes up for being late: every stumble of ours would be heard.
    """

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        """See Pipecat."""
        await super().setup(setup)
        self._send_interval = 0


class _Transport(FastAPIWebsocketTransport):
    def __init__(self, websocket: WebSocket, params: FastAPIWebsocketParams) -> None:
        super().__init__(websocket, params)
        self._input = _Input(self, self._client, self._params, name=self._input_name)
        self._output = _Output(self, self._client, self._params, name=self._output_name)


def transport(line: Line, agent: Agent) -> FastAPIWebsocketTransport:
    """Its input is what the callee says, its output what they hear."""
    noise_filter = NoiseFilter() if agent.noise_filter == "rnnoise" else None
    return _Transport(
        cast("WebSocket", line),  # It has all of a WebSocket that the transport uses.
        FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_in_filter=noise_filter,
            # The session closes the line; nothing is to be appended to the last word.
            audio_out_end_silence_secs=0,
            allowed_origins=[],
            serializer=TwilioSerializer(),
        ),
    )
