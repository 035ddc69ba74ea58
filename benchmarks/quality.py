"""Whether speed is paid for in hearing: recognition and turn decisions, beside the stock bot's.

``python -m benchmarks.quality [--clips 12] [--json]``; exits 1 where Dialout hears or decides
worse. The rehearsal's voices, clean and over a street that is 10 dB quieter, are said to both bots
in whole calls. Both listen through the embedded recognizer of the rehearsal (not nova-3), and their
LLM has one short answer. What counts is what the LLM is asked:

- words: those it is given that were not said, or the reverse, of all that were said;
- turns: a whole sentence is one question to it, answered within two seconds of its end; a sentence
  whose speaker stops in its midst for 0.8 s is not answered there.
"""

import argparse
import asyncio
import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from benchmarks.caller import Caller, calling
from benchmarks.clips import RATE, Sound, clip, to_mulaw
from benchmarks.load import Ticks, since
from benchmarks.noise import NO_WORD, errors, over, street, texts, words
from benchmarks.stage import Stage, stage, tell
from benchmarks.stock_bot import PROMPT

SAYS = "Of course, I see."
STREET_DB = 10.0
PAUSE_SECONDS = 0.8
ANSWERED_SECONDS = 2.0
SOONEST_SECONDS = 0.3
"""No answer comes sooner: the VAD and the LLM alone take longer."""
LONG_SECONDS = 2.6
"""A clip that is long enough to be broken off in the middle."""
PATIENCE_SECONDS = 8.0
BYTES_PER_SECOND = 8000
TOLERATED_WORDS, TOLERATED_TURNS = 0.02, 0.05
"""So much worse is chance: two runs of one bot differ by as much."""


@dataclass
class Found:
    """One bot in one condition."""

    words: int = 0
    errors: int = 0
    turns: int = 0
    right: int = 0

    @property
    def summary(self) -> dict[str, float]:
        return {
            "words_wrong": round(self.errors / max(1, self.words), 3),
            "turns_right": round(self.right / max(1, self.turns), 3),
            "words": self.words,
            "turns": self.turns,
        }


@dataclass(frozen=True)
class Saying:
    """What is said: its parts, with a pause between them."""

    text: str
    parts: tuple[bytes, ...]


def sayings(names: list[str], noise: Sound | None) -> list[Saying]:
    """Each clip whole; and the long ones once more, broken off at their quietest point."""
    found = []
    for name in names:
        sound = clip(name)
        if noise is not None:
            sound = sound + over(noise[: len(sound)], sound, STREET_DB)
        found.append(Saying(texts()[name], (to_mulaw(sound),)))
        if len(sound) > LONG_SECONDS * RATE:
            at = _quietest(clip(name))
            found.append(Saying(texts()[name], (to_mulaw(sound[:at]), to_mulaw(sound[at:]))))
    return found


def _quietest(sound: Sound) -> int:
    """Where one can draw breath, in the middle of it."""
    window = RATE // 20
    levels = np.convolve(np.square(sound), np.ones(window), "same")
    first, last = int(len(sound) * 0.35), int(len(sound) * 0.65)
    return first + int(np.argmin(levels[first:last]))


class Conversation:
    """A call in which everything is said, one after the other."""

    def __init__(self, caller: Caller, asked: Callable[[], Any], found: Found) -> None:
        self._caller = caller
        self._asked = asked
        self._found = found

    async def hold(self, all_of_them: list[Saying]) -> None:
        """Say them all."""
        await self._quiet()
        for saying in all_of_them:
            await self._say(saying)
            await self._quiet()

    async def _say(self, saying: Saying) -> None:
        before, too_early = len(await self._asked()), False
        for number, part in enumerate(saying.parts):
            if number:
                paused = self._caller.now
                await asyncio.sleep(PAUSE_SECONDS)
                too_early = self._sounded(paused) is not None
            await self._part(part)
        ended = self._caller.now
        waited = await self._answered(ended) - ended
        await self._quiet()
        questions = (await self._asked())[before:]
        wanted = words(saying.text)
        self._found.words += len(wanted)
        self._found.errors += min(len(wanted), errors(wanted, words(heard(questions))))
        self._found.turns += 1
        whole = len(saying.parts) == 1
        self._found.right += (
            len(questions) == 1 and waited < ANSWERED_SECONDS if whole else not too_early
        )

    async def _part(self, mulaw: bytes) -> None:
        self._caller.to_say.extend(mulaw)
        while self._caller.to_say:  # noqa: ASYNC110 -- a phone's clock
            await asyncio.sleep(0.01)

    def _sounded(self, after: float) -> float | None:
        """When the bot was first heard after that."""
        return next((at for at, _ in self._caller.sounds if at > after), None)

    async def _answered(self, ended: float) -> float:
        """When it answered what ended then; at the end of their patience, if it did not."""
        for _ in range(int(PATIENCE_SECONDS * 50)):
            # What was on its way before is no answer to this.
            at = self._sounded(ended + SOONEST_SECONDS)
            if at is not None:
                return at
            await asyncio.sleep(0.02)
        return ended + PATIENCE_SECONDS

    async def _quiet(self) -> None:
        """Wait until the bot has said what it says."""
        while True:
            ends = max((at + len(s) / BYTES_PER_SECOND for at, s in self._caller.sounds[-500:]),
                       default=0.0)  # fmt: skip
            if self._caller.sounds and self._caller.now > ends + 0.7:
                return
            await asyncio.sleep(0.05)


def heard(questions: list[list[dict[str, Any]]]) -> str:
    """What the callee is quoted with in these questions to the LLM, and was not before them.

    Args:
        questions: the messages of each, in order.
    """
    said: list[str] = []
    for messages in questions:
        latest: list[str] = []
        for message in messages:
            if message["role"] == "assistant":
                latest = []
            elif message["role"] == "user":
                latest.append(str(message["content"]))
        # Nobody had answered yet when they went on: it is quoted once more.
        if said and latest[: len(said)] == said:
            latest = latest[len(said) :]
        said += latest
    return " ".join(said)


async def _measured(
    on: Stage, url: str, which: str, all_of_them: list[Saying], numbers: "itertools.count[int]"
) -> Found:
    found = Found()
    mine = which == "stock"

    async def asked() -> list[list[dict[str, Any]]]:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://{on.vendors}/asked")
        told: list[list[dict[str, Any]]] = answer.json()
        return [each for each in told if (PROMPT in str(each[0]["content"])) is mine]

    stream = (
        {"call_sid": f"CA{next(numbers):032}", "parameters": {}}
        if which == "stock"
        else on.stream(await asyncio.to_thread(on.call))
    )
    async with calling(url, **stream) as caller:
        await Conversation(caller, asked, found).hold(all_of_them)
    return found


async def measure(clips: int) -> dict[str, dict[str, dict[str, float]]]:
    """Condition → bot → figures."""
    names = [name for name in sorted(texts()) if name not in NO_WORD]
    names = names[:: max(1, len(names) // clips)][:clips]
    rng = np.random.default_rng(5)
    numbers = itertools.count(1)
    told: dict[str, dict[str, dict[str, float]]] = {}
    async with stage(SAYS, ears=True) as on, on.media() as ours, on.stock_bot() as stocks:
        for condition, noise in (("clean", None), ("street", street(60 * RATE, rng))):
            both = sayings(names, noise)
            stock, dialout = await asyncio.gather(
                _measured(on, stocks, "stock", both, numbers),
                _measured(on, ours, "dialout", both, numbers),
            )
            told[condition] = {"stock": stock.summary, "dialout": dialout.summary}
            for which, row in told[condition].items():
                tell(f"{condition:8}{which:9}" + "   ".join(f"{k} {v}" for k, v in row.items()))
    return told


def worse(told: dict[str, dict[str, dict[str, float]]]) -> bool:
    """Whether Dialout hears or decides worse than the stock bot, in any condition."""
    return any(
        row["dialout"]["words_wrong"] > row["stock"]["words_wrong"] + TOLERATED_WORDS
        or row["dialout"]["turns_right"] < row["stock"]["turns_right"] - TOLERATED_TURNS
        for row in told.values()
    )


def main() -> int:
    """Print a row a bot and condition."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = Ticks.now()
    told = asyncio.run(measure(given.clips))
    machine = since(before)
    tell(machine)
    if given.json:
        tell(json.dumps({"machine": machine, **told}))
    return int(worse(told))


if __name__ == "__main__":
    sys.exit(main())
