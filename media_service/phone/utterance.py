"""How much of what is being said has been heard, in words.

Not every voice vendor tells when a word is spoken (Deepgram does not), so the words are laid over
the sound in proportion to their letters: as soon as all the sound of an utterance is there, this is
right to within a word or so; until then a common pace of speech stands in for the missing length.
"""

import re

PCM_BYTES_PER_SECOND = 16_000
"""16-bit samples at 8 kHz."""
LETTERS_PER_SECOND = 15.0
"""Of unhurried English speech, spaces and all."""


class Utterance:
    """One stretch of speech: its text and sound, both still growing, and how far it has played."""

    def __init__(self) -> None:
        self._text = ""
        self._received = 0
        self._complete = False
        self._played = 0
        self._told = 0

    def add_text(self, text: str) -> None:
        """More of what is to be said; a sentence, as a rule."""
        self._text = f"{self._text} {text.strip()}".strip()

    def add_sound(self, size: int) -> None:
        """So many more bytes of its sound (16-bit PCM at 8 kHz) have come from the vendor."""
        self._received += size

    @property
    def received(self) -> int:
        """Bytes of its sound that are here."""
        return self._received

    @property
    def left(self) -> str:
        """The words that its sound does not have yet."""
        there = [word for word in self._words if word.end() <= self._letters_at(self._received)]
        return self._text[there[-1].end() if there else 0 :].strip()

    def complete(self) -> None:
        """All of its text and sound is here."""
        self._complete = True

    def begin_at(self, size: int) -> None:
        """So many bytes of its sound went out before anybody looked."""
        self._played = size

    def play(self, size: int, unheard: float = 0) -> list[str]:
        """The words that are over now that so many more bytes of its sound went out.

        Args:
            size: of the piece.
            unheard: bytes of what went out that are still to be heard.
        """
        self._played += size
        return self._words_to(self._letters_at(max(0.0, self._played - unheard)))

    def finish(self) -> list[str]:
        """The words that are left, all of its sound having gone out."""
        return self._words_to(float("inf"))

    @property
    def _words(self) -> list[re.Match[str]]:
        return list(re.finditer(r"\S+", self._text))

    def _letters_at(self, sound: float) -> float:
        length = float(self._received)
        if not self._complete:
            length = max(length, len(self._text) / LETTERS_PER_SECOND * PCM_BYTES_PER_SECOND)
        return len(self._text) * sound / length if length else 0.0

    def _words_to(self, letters: float) -> list[str]:
        words = [word for word in self._words if word.end() <= letters]
        new, self._told = words[self._told :], max(self._told, len(words))
        return [word[0] for word in new]
