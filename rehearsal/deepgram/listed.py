"""The body of ``GET /v1/models``: what an account may ask for, in Deepgram's shape."""

from typing import Any

_VOICES = {
    "en": ("apollo", "asteria", "helena", "luna", "orion", "thalia", "theia", "zeus"),
    "es": ("celeste", "estrella", "nestor"),
    "de": ("julius", "viktoria"),
    "fr": ("agathe", "hector"),
    "it": ("dionisio", "livia"),
}


def _model(
    name: str, architecture: str, canonical_name: str, language: str = "en"
) -> dict[str, Any]:
    return {
        "name": name,
        "canonical_name": canonical_name,
        "architecture": architecture,
        "languages": [language],
        "version": "2026-01-01.0",
        "uuid": "00000000-0000-4000-8000-000000000000",
    }


LISTED: dict[str, Any] = {
    "stt": [_model("general", name, f"{name}-general") for name in ("nova-2", "nova-3")],
    "tts": [
        _model(name, "aura-2", f"aura-2-{name}-{language}", language)
        for language, names in _VOICES.items()
        for name in names
    ],
}
"""Some of what there is; the handshakes here let in more."""
