"""Every vendor that an agent may name. Adding one is an entry here, its name in
``calls.vendor_choice``, and the function that the entry names.

A vendor's module is imported when an agent first needs it: together they take most of a second.
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from pipecat.processors.frame_processor import FrameProcessor

from calls.vendor_choice import LEFT_OUT


class VendorMissingError(RuntimeError):
    """A vendor needs a package that is not installed. The message says how to install it."""


@dataclass(frozen=True)
class Vendor:
    """One vendor of one stage.

    Attributes:
        module: where it is made.
        service: the function that makes it; of ``(vendors, agent, choice)``, and for an LLM
            ``prompt``.
    """

    module: str
    service: str

    def load(self, name: str) -> Callable[..., FrameProcessor]:
        """Import it.

        Raises:
            VendorMissingError: what it needs is not installed.
        """
        package = LEFT_OUT.get(name)
        if package and importlib.util.find_spec(package) is None:
            raise VendorMissingError(
                f"{name} needs the package {package}, which is not installed: add the extra "
                f"`{package}` to pipecat-ai in the group `media` of pyproject.toml, run "
                "`make lock`, and build the image again"
            )
        made: Callable[..., FrameProcessor] = getattr(warmed(self.module), self.service)
        return made


@cache
def warmed(name: str) -> ModuleType:
    """A vendor's module, with all that it needs, imported once: every call asks for it."""
    module = importlib.import_module(f"media_service.vendors.{name}")
    warm: Callable[[], None] | None = getattr(module, "warm", None)
    if warm:
        warm()
    return module


STT: Mapping[str, Vendor] = {
    "deepgram": Vendor("deepgram", "stt"),
    "groq": Vendor("groq", "stt"),
    "openai": Vendor("openai", "stt"),
}
LLM: Mapping[str, Vendor] = {
    "groq": Vendor("groq", "llm"),
    "openai": Vendor("openai", "llm"),
    "anthropic": Vendor("anthropic", "llm"),
}
TTS: Mapping[str, Vendor] = {
    "deepgram": Vendor("deepgram", "tts"),
    "cartesia": Vendor("cartesia", "tts"),
    "openai": Vendor("openai", "tts"),
}
STAGES: Mapping[str, Mapping[str, Vendor]] = {"stt": STT, "llm": LLM, "tts": TTS}


def load(stage: str, vendor: str) -> Callable[..., Any]:
    """The function that makes that vendor's service.

    Raises:
        VendorMissingError: what it needs is not installed.
    """
    return STAGES[stage][vendor].load(vendor)
