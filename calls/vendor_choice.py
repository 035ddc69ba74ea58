"""Who listens, thinks and speaks, as an agent's file names them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of an agent's file: what is not known in it is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SttChoice(Section):
    """Who listens."""

    vendor: Literal["deepgram"] = "deepgram"
    model: str = "nova-3"


class LlmChoice(Section):
    """Who thinks."""

    vendor: Literal["groq"] = "groq"
    model: str = "openai/gpt-oss-120b"
    reasoning_effort: Literal["none", "low", "medium", "high"] | None = None
    """Only for models that reason; sent as it is."""
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)


class TtsChoice(Section):
    """Who speaks."""

    vendor: Literal["deepgram"] = "deepgram"
    model: str | None = None
    """Where the vendor has voices apart from models; Deepgram's voices are its models."""
    voice: str | None = None
    """By default the language's own (``calls/languages``)."""


class Stt(SttChoice):
    """Who listens, and who instead when that one fails."""

    fallback: tuple[SttChoice, ...] = ()


class Llm(LlmChoice):
    """Who thinks, and who instead when that one fails."""

    fallback: tuple[LlmChoice, ...] = ()


class Tts(TtsChoice):
    """Who speaks, and who instead when that one fails."""

    fallback: tuple[TtsChoice, ...] = ()
