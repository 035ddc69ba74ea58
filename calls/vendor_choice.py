"""Who listens, thinks and speaks, as an agent's file names them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

STT_MODELS = {
    "deepgram": "nova-3",
    "groq": "whisper-large-v3-turbo",
    "openai": "gpt-transcribe",
}
LLM_MODELS = {
    "groq": "openai/gpt-oss-120b",
    "openai": "gpt-4.1",
    "anthropic": "claude-haiku-4-5",
}
TTS_MODELS = {"cartesia": "sonic-3.6", "openai": "gpt-4o-mini-tts"}
"""A vendor's model where the agent names none. Deepgram's voices are its models."""
LEFT_OUT = {"anthropic": "anthropic"}
"""By vendor: the Python package, and Pipecat extra of the same name, that it needs and that the
image leaves out, because most agents do not."""


class Section(BaseModel):
    """A part of an agent's file: what is not known in it is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _with_model(given: Any, vendor: str, models: dict[str, str]) -> Any:
    if not isinstance(given, dict) or given.get("model") is not None:
        return given
    model = models.get(str(given.get("vendor", vendor)))
    return {**given, "model": model} if model else given


class SttChoice(Section):
    """Who listens."""

    vendor: Literal["deepgram", "groq", "openai"] = "deepgram"
    model: str = ""
    """By default the vendor's in ``STT_MODELS``."""

    @model_validator(mode="before")
    @classmethod
    def _usual_model(cls, given: Any) -> Any:
        return _with_model(given, "deepgram", STT_MODELS)


class LlmChoice(Section):
    """Who thinks."""

    vendor: Literal["groq", "openai", "anthropic"] = "groq"
    model: str = ""
    """By default the vendor's in ``LLM_MODELS``."""
    reasoning_effort: Literal["none", "low", "medium", "high"] | None = None
    """Only for models that reason; sent as it is. To Anthropic ``none`` is no thinking."""
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _usual_model(cls, given: Any) -> Any:
        return _with_model(given, "groq", LLM_MODELS)


class TtsChoice(Section):
    """Who speaks."""

    vendor: Literal["deepgram", "cartesia", "openai"] = "deepgram"
    model: str | None = None
    """Where the vendor has voices apart from models; Deepgram's voices are its models."""
    voice: str | None = None
    """By default the language's own (``calls/languages``)."""

    @model_validator(mode="before")
    @classmethod
    def _usual_model(cls, given: Any) -> Any:
        return _with_model(given, "deepgram", TTS_MODELS)


class Stt(SttChoice):
    """Who listens, and who instead when that one fails."""

    fallback: tuple[SttChoice, ...] = ()

    @property
    def choices(self) -> tuple[SttChoice, ...]:
        """Everyone, in the order in which they are taken."""
        return (self, *self.fallback)


class Llm(LlmChoice):
    """Who thinks, and who instead when that one fails."""

    fallback: tuple[LlmChoice, ...] = ()

    @property
    def choices(self) -> tuple[LlmChoice, ...]:
        """Everyone, in the order in which they are taken."""
        return (self, *self.fallback)


class Tts(TtsChoice):
    """Who speaks, and who instead when that one fails."""

    fallback: tuple[TtsChoice, ...] = ()

    @property
    def choices(self) -> tuple[TtsChoice, ...]:
        """Everyone, in the order in which they are taken."""
        return (self, *self.fallback)
