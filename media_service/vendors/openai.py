"""OpenAI: an LLM, ears and a voice, all over HTTP."""

from collections.abc import AsyncGenerator
from typing import Any

from openai import APIError
from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.stt import OpenAISTTService, OpenAISTTSettings
from pipecat.services.openai.tts import OpenAITTSService, OpenAITTSSettings

from calls.agent import Agent
from calls.vendor_choice import LlmChoice, SttChoice, TtsChoice
from media_service.phone.twilio_serializer import SAMPLE_RATE
from media_service.vendors.chat import Chat
from media_service.vendors.speaking import Speaking
from media_service.vendors.vendors import Vendors
from media_service.vendors.whisper import Deadline

VOICE_RATE = 24_000
"""Samples a second: the only PCM that OpenAI speaks."""
CHUNK_SECONDS = 0.1


class Stt(Deadline, OpenAISTTService):
    """Within a deadline."""


class Tts(Speaking, OpenAITTSService):
    """A voice at the telephone's rate."""

    vendor = "openai"

    def __init__(self, **kwargs: Any) -> None:
        # It does not say when a word is spoken; the playout tells the words instead.
        super().__init__(sample_rate=VOICE_RATE, push_text_frames=False, **kwargs)
        self._client = self._client.with_options(max_retries=1)
        self._resampler = create_stream_resampler()

    @property
    def chunk_size(self) -> int:
        """Bytes that are waited for before they are passed on; Pipecat's half a second is long."""
        return int(VOICE_RATE * CHUNK_SECONDS) * 2

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame, None]:
        """See Pipecat; at 8 kHz, and with every failure as an error frame."""
        try:
            async for frame in super().run_tts(text, context_id):
                if isinstance(frame, TTSAudioRawFrame):
                    frame.audio = await self._resampler.resample(
                        frame.audio, VOICE_RATE, SAMPLE_RATE
                    )
                    frame.sample_rate = SAMPLE_RATE
                yield frame
        except APIError as error:
            yield ErrorFrame("the voice is refused", exception=error)


def llm(vendors: Vendors, agent: Agent, choice: LlmChoice, prompt: str) -> Chat:
    """OpenAI's LLM."""
    chosen = OpenAILLMService.Settings(model=choice.model, system_instruction=prompt)
    if choice.temperature is not None:
        chosen.temperature = choice.temperature
    if choice.max_tokens is not None:
        chosen.max_completion_tokens = choice.max_tokens
    if choice.reasoning_effort is not None:
        chosen.extra = {"reasoning_effort": choice.reasoning_effort}
    return Chat(
        api_key=vendors.secrets.get("openai/api-key"),
        base_url=vendors.settings.openai_base_url,
        http=vendors.http,
        settings=chosen,
    )


def stt(vendors: Vendors, agent: Agent, choice: SttChoice) -> Stt:
    """OpenAI's ears."""
    return Stt(
        api_key=vendors.secrets.get("openai/api-key"),
        base_url=vendors.settings.openai_base_url,
        http_client=vendors.http,
        sample_rate=SAMPLE_RATE,
        settings=OpenAISTTSettings(model=choice.model, language=agent.language.partition("-")[0]),
    )


def tts(vendors: Vendors, agent: Agent, choice: TtsChoice) -> Tts:
    """OpenAI's voice."""
    return Tts(
        api_key=vendors.secrets.get("openai/api-key"),
        base_url=vendors.settings.openai_base_url,
        http_client=vendors.http,
        settings=OpenAITTSSettings(model=choice.model, voice=agent.voice(choice)),
        language=agent.language,
    )
