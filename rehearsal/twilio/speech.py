"""The network's own voice: ``<Say>``, and its apologies."""

import asyncio
from functools import lru_cache

from .clip import Clip, from_pcm

APPLICATION_ERROR = "We are sorry. An application error has occurred. Goodbye."
_RATE = 16000
_VOICES = ("en-US", "en-GB", "de-DE", "es-ES", "fr-FR", "it-IT")


async def synthesize(text: str, language: str = "en-US") -> Clip:
    """Words to sound; a language without a voice is spoken in American English."""
    voice = language if language in _VOICES else "en-US"
    return await asyncio.to_thread(_spoken, text, voice)


@lru_cache(maxsize=32)
def _spoken(text: str, voice: str) -> Clip:
    from py_nanotts import NanoTTS  # type: ignore[import-untyped]  # loaded when first needed

    return from_pcm("say", NanoTTS().speak(text, voice=voice) if text else b"", _RATE)
