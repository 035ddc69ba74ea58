"""An LLM's text made fit to be spoken: no markdown, no symbols that a voice would spell out."""

import re
import unicodedata

from pipecat.utils.text.base_text_aggregator import TextType
from pipecat.utils.text.transforms.strip_markdown import strip_markdown

_SPOKEN_SYMBOLS = frozenset("$€£¥%+&@#°=")
"""Symbols with a spoken form, which a voice knows."""


async def plain_text(text: str, text_type: TextType | str = TextType.SENTENCE) -> str:
    """``text`` without markdown, emoji, control characters and ornaments, evenly spaced.

    Has the shape of Pipecat's text transforms, and is used as one.
    """
    stripped = await strip_markdown(text, text_type)
    kept = "".join(letter if _speakable(letter) else " " for letter in stripped)
    return re.sub(r"\s+", " ", kept).strip()


def _speakable(letter: str) -> bool:
    if letter in "*_`~|^<>{}[]\\":
        return False
    # Letters, marks, numbers, punctuation and spaces; of the symbols only those with a name.
    return unicodedata.category(letter)[0] in "LMNPZ" or letter in _SPOKEN_SYMBOLS
