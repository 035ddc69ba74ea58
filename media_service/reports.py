"""What a conversation tells its session."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reports:
    """Whom to tell, of each thing. None of them may block."""

    trouble: Callable[[str, str], None]
    """A vendor (``stt``, ``llm``, ``tts``) cannot do its work; and a static word on why."""
    silence: Callable[[], None]
    """Nobody has spoken for the agent's idle time."""
    callee_said: Callable[[str], None]
    """Their turn is over."""
    heard: Callable[[str], None]
    """The callee said something; perhaps their turn is not over, perhaps it never counts."""
    pressed: Callable[[str], bool]
    """The callee pressed a key. Whether the LLM is to hear of it."""
    last_word: Callable[[], None]
    """The last word has been heard."""
    language: Callable[[str], None] = lambda _: None
    """The code of the language that is spoken from now on."""
    words: Callable[[str, bool], None] = lambda *_: None
    """What the callee says, as it is being understood, and whether that is settled."""
    voice: Callable[[bool], None] = lambda _: None
    """The callee's voice has set in, or stopped."""
