"""Who listens, thinks and speaks in one call."""

from dataclasses import dataclass
from typing import Any

from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from media_service.failover import Stage


@dataclass(frozen=True)
class Services:
    """One call's own three services."""

    stt: STTService
    llm: LLMService[Any]
    tts: TTSService

    def name(self, processor: object) -> str | None:
        """``stt``, ``llm`` or ``tts``; None for any other processor."""
        for name, service in vars(self).items():
            if service is processor or processor in getattr(service, "services", ()):
                return name
        return None

    def stages(self) -> dict[str, Stage]:
        """Those of them that have a fallback."""
        return {name: each for name, each in vars(self).items() if isinstance(each, Stage)}
