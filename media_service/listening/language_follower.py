"""The voice follows the language that the callee speaks."""

from collections.abc import Callable
from typing import Any

from pipecat.frames.frames import (
    Frame,
    StartFrame,
    TranscriptionFrame,
    TTSUpdateSettingsFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.settings import TTSSettings
from pipecat.utils.types import NOT_GIVEN

from calls import language as languages
from calls.agent import Agent

LEAST_WORDS = 3
"""Fewer are no proof: "no" is a word of five of the languages."""


class LanguageFollower(FrameProcessor):
    """Behind the ears. Deepgram's ``multi`` says in which language each transcript is.

    A voice stays where its vendor has none for the new language (see ``calls/languages``), and
    where it speaks them all, as OpenAI's do; numbers and dates are said in the new language anyhow.

    Args:
        tts: a voice, or a stage of some.
        begin: the language that was spoken on the call's earlier legs, if it is not the agent's.
        changed: told the code of each language that is spoken from now on.
    """

    def __init__(
        self,
        agent: Agent,
        tts: Any,
        begin: str | None = None,
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._begin = begin
        self._changed = changed
        self._agent = agent
        self._voices = getattr(tts, "services", None) or [tts]
        self._now = _base(agent.language)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Look at each transcript, and pass everything on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame) and frame.language:
            await self._follow(_base(str(frame.language)), len(frame.text.split()))
        await self.push_frame(frame, direction)
        if isinstance(frame, StartFrame) and self._begin:
            await self._speak(_base(self._begin))

    async def _follow(self, code: str, words: int) -> None:
        if code == self._now or words < LEAST_WORDS or code not in languages.names():
            return
        await self._speak(code)
        self._changed(code)

    async def _speak(self, code: str) -> None:
        self._now = code
        for voice in self._voices:
            voice.say_in(code)
            delta = self._delta(voice.vendor, code)
            if delta:
                await self.push_frame(TTSUpdateSettingsFrame(delta=delta, service=voice))

    def _delta(self, vendor: str, code: str) -> TTSSettings | None:
        chosen = next(choice for choice in self._agent.tts.choices if choice.vendor == vendor)
        if code == _base(self._agent.language):
            name: str | None = self._agent.voice(chosen)
        else:
            name = languages.language(code).voices.get(vendor)
        if vendor == "openai":  # Each of its voices hears the language in the text.
            return None
        if vendor == "cartesia":  # Each of its voices speaks every language, when told which.
            return TTSSettings(language=code, voice=name or NOT_GIVEN)
        return TTSSettings(voice=name) if name else None


def _base(code: str) -> str:
    return code.partition("-")[0]
