"""Somebody on the phone who says a sentence whenever the bot has stopped, and what they hear."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.caller import Caller
from benchmarks.clips import clip, to_mulaw

BYTES_PER_SECOND = 8000
CLIPS = ("anna-right", "tom-speaking", "nina-would", "nina-four", "david-right")
"""Sentences of one to two seconds that Smart Turn takes for finished: who sounds unfinished is
answered later, by either bot and on purpose."""
QUIET_SECONDS = 0.7
"""Of silence after what the bot said: it has stopped."""
PATIENCE_SECONDS = 12.0
"""For an answer; then they say something else."""
SPEECH_GAP_SECONDS = 1.0
"""A pause within what the bot says is shorter; between two of its turns it is longer, since the
callee speaks there for a second and then waits for the vendors."""


@dataclass
class Heard:
    """What came of one conversation."""

    waits: list[float] = field(default_factory=list)
    """From their last sound to the answer's first, in seconds, a turn each."""
    unanswered: int = 0
    speech: float = 0.0
    """Seconds of the bot's voice."""
    gaps: float = 0.0
    """Seconds of silence in the midst of it, since its sound came too late."""
    late: float = 0.0
    """The worst lateness of the caller's own frames, in seconds."""


class Talker:
    """One conversation on a stream that has started.

    Args:
        offset: which clip they say first, so that not all of them speak at once.
    """

    def __init__(self, caller: Caller, offset: int = 0) -> None:
        self._caller = caller
        self._sayings = itertools.islice(itertools.cycle(_sayings()), offset, None)
        self.heard = Heard()

    async def talk(self, until: float) -> Heard:
        """Talk until that moment of the caller's clock."""
        caller = self._caller
        while await self._quiet(until):
            saying = next(self._sayings)
            said = len(caller.said)
            caller.to_say.extend(saying)
            await asyncio.sleep(len(saying) / BYTES_PER_SECOND)
            while len(caller.said) == said or caller.to_say:  # noqa: ASYNC110 -- a phone's clock
                await asyncio.sleep(0.02)
            ended = caller.said[-1] + len(saying) / BYTES_PER_SECOND
            answer = await self._answer(ended)
            if answer is None:
                self.heard.unanswered += caller.now < until
            else:
                self.heard.waits.append(answer - ended)
        self.heard.speech, self.heard.gaps = played(caller.sounds, caller.clears)
        self.heard.late = caller.late
        return self.heard

    async def _quiet(self, until: float) -> bool:
        """Whether the bot has stopped, before that moment."""
        caller = self._caller
        while caller.now < until:
            ends = 0.0
            for at, mulaw in caller.sounds[-400:]:
                ends = max(ends, at) + len(mulaw) / BYTES_PER_SECOND
            if caller.sounds and caller.now > ends + QUIET_SECONDS:
                return True
            await asyncio.sleep(0.05)
        return False

    async def _answer(self, after: float) -> float | None:
        caller = self._caller
        while caller.now < after + PATIENCE_SECONDS:
            if caller.sounds and caller.sounds[-1][0] > after:
                return next(at for at, _ in caller.sounds if at > after)
            await asyncio.sleep(0.01)
        return None


def played(
    sounds: Sequence[tuple[float, bytes]], clears: Sequence[float] = ()
) -> tuple[float, float]:
    """Seconds of voice that a phone played, and of the gaps in it.

    Args:
        sounds: when each piece came, in order, and its mu-law.
        clears: when all that was not played yet was thrown away.
    """
    voice = gaps = 0.0
    ends: float | None = None
    cleared = list(clears)
    for at, mulaw in sounds:
        while cleared and cleared[0] <= at:
            ends = None  # What follows is another utterance.
            cleared.pop(0)
        if ends is not None and ends < at < ends + SPEECH_GAP_SECONDS:
            gaps += at - ends
        seconds = len(mulaw) / BYTES_PER_SECOND
        voice += seconds
        ends = (at if ends is None else max(ends, at)) + seconds
    return voice, gaps


def _sayings() -> Iterator[bytes]:
    for name in CLIPS:
        yield to_mulaw(clip(name))
