"""The language of a transcript, and the voice of the answer."""

from typing import Any

import pytest
from pipecat.frames.frames import TranscriptionFrame, TTSUpdateSettingsFrame
from pipecat.tests.utils import run_test
from pipecat.transcriptions.language import Language

from calls.agent import Agent
from calls.settings import Settings
from media_service.listening.language_follower import LanguageFollower
from media_service.vendors import Vendors
from tests.fakes import FakeSecrets


def voice(**tts: Any) -> tuple[Agent, Any]:
    agent = Agent.model_validate({"name": "a", "prompt": "p", "detect_language": True, "tts": tts})
    keys = {f"{name}/api-key": "k" for name in ("deepgram", "openai", "cartesia")}
    return agent, Vendors(Settings(), FakeSecrets(keys)).tts(agent)


def heard(text: str, language: Language | None) -> TranscriptionFrame:
    return TranscriptionFrame(text, "", "now", language)


async def updates(agent: Agent, tts: Any, *frames: TranscriptionFrame) -> list[Any]:
    """What the voices are told; every transcript comes through."""
    down, _ = await run_test(LanguageFollower(agent, tts), frames_to_send=list(frames))
    assert [f for f in down if isinstance(f, TranscriptionFrame)] == list(frames)
    return [
        {k: v for k, v in vars(f.delta).items() if isinstance(v, str)}
        for f in down if isinstance(f, TTSUpdateSettingsFrame)
    ]  # fmt: skip


SPANISH = heard("Sí, soy yo, dígame.", Language.ES)
ENGLISH = heard("I would rather speak English.", Language.EN)


async def test_the_voice_follows_and_returns_to_the_agents_own() -> None:
    agent, tts = voice(voice="aura-2-luna-en")
    assert await updates(agent, tts, ENGLISH, SPANISH, SPANISH, ENGLISH) == [
        {"voice": "aura-2-celeste-es"}, {"voice": "aura-2-luna-en"},
    ]  # fmt: skip


async def test_numbers_are_said_in_the_new_language() -> None:
    agent, tts = voice()
    assert await tts._spoken("2026-11-24", "") == "November 24th, 2026"
    await updates(agent, tts, SPANISH)
    assert await tts._spoken("2026-11-24", "") == "24 de noviembre de 2026"


@pytest.mark.parametrize(
    "frame",
    [
        heard("No.", Language.ES), heard("Sí, claro.", Language.ES),
        heard("Where are you from?", None), heard("yes this is she", Language.EN_US),
        heard("да это я слушаю", Language.RU),
        heard("sim sou eu mesmo", Language.PT),
    ],
    ids=lambda frame: frame.text,
)  # fmt: skip
async def test_the_voice_stays(frame: TranscriptionFrame) -> None:
    agent, tts = voice()
    assert await updates(agent, tts, frame) == []


async def test_vendors_whose_voices_speak_every_language() -> None:
    agent, tts = voice(vendor="openai", fallback=[{"vendor": "cartesia", "voice": "v"}])
    assert await updates(agent, tts, SPANISH, ENGLISH) == [
        {"language": "es"}, {"language": "en", "voice": "v"},
    ]  # fmt: skip


async def test_another_leg_goes_on_in_the_language_that_was_spoken() -> None:
    agent, tts = voice(voice="aura-2-luna-en")
    told: list[str] = []
    follower = LanguageFollower(agent, tts, "es", told.append)
    down, _ = await run_test(follower, frames_to_send=[SPANISH, ENGLISH])
    voices = [f.delta.voice for f in down if isinstance(f, TTSUpdateSettingsFrame)]
    assert voices == ["aura-2-celeste-es", "aura-2-luna-en"]
    assert told == ["en"]
