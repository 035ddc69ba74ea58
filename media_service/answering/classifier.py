"""Who answered, by what is heard first. Pure: no clock, no vendor; time comes in as seconds.

A machine is known by two things of three: words that only machines say, the shape of a monologue,
a beep. So one sentence of a person that sounds like a machine's decides nothing. Whoever is not
known for a machine stays a human; a machine may still be known later, by its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from calls.answered_by import DETECTED, AnsweredBy
from calls.language import Language

SHORT_WORDS = 12
"""Who says no more than this and stops is a person: a machine goes on."""
ANNOUNCED_WORDS = 6
ANNOUNCED_SECONDS = 2.0
"""With a machine's words, this is enough of a monologue."""
MONOLOGUE_SECONDS = 3.0
"""Without them it takes so long in one breath, or more than SHORT_WORDS."""
PAUSE_SECONDS = 1.0
"""The longest pause within one breath."""


@dataclass(frozen=True)
class Verdict:
    """Who answered, and how we know."""

    who: AnsweredBy
    how: str
    """``words``, ``beep``, ``llm``, ``amd``, ``short`` (they said a word or two, and stopped) or
    ``deadline``."""


class Classifier:
    """What was heard of one callee since they picked up, or since :meth:`again`.

    Args:
        languages: whose machines may answer.
    """

    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = languages
        self.again()

    def again(self) -> None:
        """Somebody else may be on the line now: forget what was heard."""
        self._finals: list[str] = []
        self._interim = ""
        self._breath = 0.0
        """Seconds of speech in the present breath, pauses and all."""
        self._longest = 0.0
        self._began_at: float | None = None
        self._stopped_at: float | None = None
        self._beeped = False
        self._detected: AnsweredBy | None = None

    @property
    def text(self) -> str:
        """What was said so far."""
        return " ".join([*self._finals, self._interim]).strip()

    @property
    def speaking(self) -> bool:
        """Whether they are speaking."""
        return self._began_at is not None and self._stopped_at is None

    def said(self, text: str, *, final: bool) -> None:
        """The listener understood this; an interim stands in for what it has not settled yet."""
        if final:
            self._finals.append(text.strip())
        self._interim = "" if final else text.strip()

    def voice(self, at: float, *, speaking: bool) -> None:
        """Their voice sets in, or stops."""
        if not speaking:
            self._stopped_at = at
        elif self._began_at is None or at - (self._stopped_at or at) > PAUSE_SECONDS:
            self._began_at, self._stopped_at = at, None
        else:
            self._stopped_at = None

    def beep(self) -> None:
        """A beep was heard."""
        self._beeped = True

    def detect(self, word: str) -> None:
        """Twilio's detection says who it is, in its own word."""
        self._detected = DETECTED.get(word)

    def known(self, at: float) -> Verdict | None:
        """A machine that is known by its words or its beep."""
        kind = self._kind
        if kind is not None and (self._announced(at) or self._beeped):
            return Verdict(kind, "words")
        if self._beeped and self.monologue(at):
            return Verdict(AnsweredBy.VOICEMAIL, "beep")
        return None

    def monologue(self, at: float) -> bool:
        """Whether they go on like a machine, whatever they say."""
        return len(self.text.split()) > SHORT_WORDS or self._seconds(at) >= MONOLOGUE_SECONDS

    def brief(self, at: float) -> Verdict | None:
        """A human, if somebody said little and stopped."""
        settled = self._finals and not self._interim and not self.speaking
        if settled and self._kind is None and not self.monologue(at):
            return Verdict(AnsweredBy.HUMAN, "short")
        return None

    def late(self, at: float) -> Verdict:
        """Who it is, now that it has to be known."""
        if self._detected and self._detected.is_machine and not self.brief(at):
            return Verdict(self._kind or self._detected, "amd")
        return self.known(at) or Verdict(AnsweredBy.HUMAN, "deadline")

    @property
    def _kind(self) -> AnsweredBy | None:
        kinds = (language.machine(self.text) for language in self._languages)
        return next((AnsweredBy(kind) for kind in kinds if kind), None)

    def _announced(self, at: float) -> bool:
        words = len(self.text.split())
        return words >= ANNOUNCED_WORDS or self._seconds(at) >= ANNOUNCED_SECONDS

    def _seconds(self, at: float) -> float:
        if self._began_at is not None:
            end = at if self._stopped_at is None else self._stopped_at
            self._longest = max(self._longest, end - self._began_at)
        return self._longest
