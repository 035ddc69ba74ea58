"""A language that agents speak: its voices, and the words that the product itself has to say."""

import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent / "languages"
BACKCHANNELS = 3
"""So many in a row at most: who says more wants to speak."""


class MachineWords(BaseModel):
    """What only machines say, each a regular expression over lower case without punctuation.

    They are searched in this order. A person who relays ("he is not available, shall I take a
    message?") says none of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    screening: str
    """An assistant that asks who calls, and why."""
    unavailable: str
    """The network, about a number that cannot be reached."""
    voicemail: str
    """An answering machine."""
    menu: str
    """A machine that wants a key pressed."""


class Language(BaseModel):
    """One file in ``calls/languages/``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """In English, as an LLM is told it: ``Spanish``."""
    locale: str
    """As Twilio's own voice is told it: ``es-ES``."""
    voices: dict[str, str]
    """A vendor's voice for it, by vendor."""
    ai_words: str
    """A regular expression: whether a greeting says that an AI speaks."""
    ai_disclosure: str
    """The sentence that says so."""
    recording_words: str
    """A regular expression: whether a greeting says that the call is recorded."""
    recording_notice: str
    """The sentence that says so."""
    recording_question: str
    """Asks whether the call may be recorded."""
    stop_words: str
    """A regular expression: whether somebody asks never to be called again."""
    opted_out: str
    """Confirms that they will not be called again, and says goodbye."""
    farewell: str
    """For an LLM that ends a call without a word."""
    time_up: str
    """Takes leave of somebody whose call may not get longer."""
    machine_words: MachineWords
    """By which a machine that answers is known."""
    hold_words: str
    """A regular expression, over lower case without punctuation: whether somebody asks to wait, or
    thanks for what they were told and says no more."""
    backchannels: str
    """A regular expression, over lower case without punctuation: each word by which a listener
    says no more than that they listen."""
    fillers: tuple[str, ...]
    """Said while something takes its time."""
    idle_prompt: str
    """Told to the LLM when the callee is silent."""
    idle_goodbye: str
    """Said when all tries to reach them were in vain."""
    one_moment: str
    """Said by Twilio's own voice while nobody is there to go on with the call."""
    technical_goodbye: str
    """Said by it when nobody comes."""
    lines_busy: str
    """Said by it to somebody who phones when no seat is free."""

    def says_ai(self, text: str) -> bool:
        """Whether the text says that an AI speaks."""
        return re.search(self.ai_words, text, re.IGNORECASE) is not None

    def says_recorded(self, text: str) -> bool:
        """Whether the text says that the call is recorded."""
        return re.search(self.recording_words, text, re.IGNORECASE) is not None

    def asks_to_stop(self, text: str) -> bool:
        """Whether somebody who says this asks never to be called again."""
        return re.search(self.stop_words, text, re.IGNORECASE) is not None

    def machine(self, text: str) -> str | None:
        """The kind of machine that says this, a field of ``MachineWords``; None: no machine would
        have to."""
        plain = _plain(text)
        kinds = self.machine_words.model_dump().items()
        return next((kind for kind, words in kinds if re.search(words, plain)), None)

    def backchannel(self, text: str) -> bool:
        """Whether somebody who says this over another's voice only listens."""
        words = re.split(rf"\b(?:{self.backchannels})\b", _plain(text))
        return 1 < len(words) <= BACKCHANNELS + 1 and not "".join(words).strip()

    def asks_to_hold(self, text: str) -> bool:
        """Whether somebody who says this asks to wait."""
        return re.search(self.hold_words, _plain(text)) is not None


class UnknownLanguageError(ValueError):
    """There is no such language. The message lists those there are."""


def _plain(text: str) -> str:
    """Lower case, words and apostrophes alone: listeners differ in the rest."""
    return " ".join(re.findall(r"[\w']+", text.lower().replace("\u2019", "'")))


def names() -> list[str]:
    """The code of every language there is, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def language(code: str) -> Language:
    """The language of that code: ``es``, or ``es-MX``, which is spoken as ``es``.

    Raises:
        UnknownLanguageError: there is none.
    """
    import yaml  # here: whoever has a call at hand may need no language

    for name in (code, code.partition("-")[0]):
        path = FOLDER / f"{name}.yaml"
        if path.is_file():
            return Language.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    raise UnknownLanguageError(f"no language {code!r}; there are: {', '.join(names())}")
