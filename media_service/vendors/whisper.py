"""Ears that take whole utterances over HTTP: Groq's and OpenAI's transcriptions.

Pipecat cuts the utterances by the VAD frames that the user aggregator, which stands behind, sends
back up the pipeline; no second VAD is needed. There are no interim results, and no detection of the
language while it is spoken.
"""

import asyncio
from typing import Any

from openai.types.audio import Transcription
from pipecat.services.whisper.base_stt import BaseWhisperSTTService

RESULT_SECONDS = 4.0
"""From the end of an utterance to its words."""


class Deadline(BaseWhisperSTTService):
    """Goes before the vendor's class: on the shared pool, within a deadline."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._client = self._client.with_options(max_retries=1)

    async def _transcribe(self, audio: bytes) -> Transcription:
        async with asyncio.timeout(RESULT_SECONDS):
            return await super()._transcribe(audio)
