"""The words for when nothing else can speak: stored sound, made without any vendor."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "apologies"


@cache
def apology(language: str) -> tuple[bytes, str]:
    """The apology in that language, or else in English: its sound (mu-law, 8 kHz) and its words.

    Args:
        language: as an agent gives it: ``en`` or ``en-US``.
    """
    for name in (language, language.partition("-")[0], "en"):
        path = FOLDER / f"{name}.ulaw"
        if path.is_file():
            return path.read_bytes(), path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    raise FileNotFoundError(FOLDER / "en.ulaw")
