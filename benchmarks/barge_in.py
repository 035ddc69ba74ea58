"""What a callee who speaks over the agent meets: how soon it is silent, and what becomes of a nod.

``python -m benchmarks.barge_in [--runs 12] [--json]``; exits 1 where the voice stops later than its
bound. Whole calls to the media service's process and to a stock bot with the same vendors
(benchmarks/vendors.py), in turns. What disturbs the caller's own clock disturbs the measurement:
such runs are made again, and counted.
"""

import argparse
import asyncio
import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import httpx

from benchmarks.caller import Caller, calling
from benchmarks.clips import clip, to_mulaw
from benchmarks.load import Ticks, since
from benchmarks.stage import VARIABLES, Stage, compiled, stage, tell
from benchmarks.vendors import LETTERS_PER_SECOND, SAID
from calls import agents

BOUND_MS = 280
"""From the callee's first sound to the agent's silence, median."""
CLIPS = "sarah-speaking", "tom-not-arrived", "paul-number", "wrong-number"
NOD = "mm-hm"
INTO_SECONDS = 3.0
"""How far the agent is in what it says."""
LATE_SECONDS = 0.06
"""A caller whose frame is that late does not know what it measures."""
AGAIN = 2
"""So many times is a disturbed run made again; the last one counts, whatever disturbed it."""
BYTES_PER_SECOND = 8000


@dataclass
class Found:
    """One bot's figures. A run that met what it should not is missing in some."""

    stops_ms: list[float] = field(default_factory=list)
    replies_ms: list[float] = field(default_factory=list)
    """From the last sound of the callee to the first of the answer."""
    words_off: list[int] = field(default_factory=list)
    """By how many words what the LLM believes was heard is more (or less) than what was."""
    kept: list[bool] = field(default_factory=list)
    """Whether what was said was heard to its end over a nod, and the LLM was not asked again."""
    pauses_ms: list[float] = field(default_factory=list)
    """The silence around a nod that was no interruption."""
    disturbed: int = 0


def heard_seconds(
    sounds: list[tuple[float, bytes]], clears: list[float], until: float = float("inf")
) -> float:
    """How much sound a phone plays by then that forgets what it has at every `clear`.

    Args:
        sounds: when each came, in seconds, and its mu-law.
        clears: when each came.
    """
    heard, ends = 0.0, 0.0
    marks: list[tuple[float, float]] = [(at, len(mulaw) / BYTES_PER_SECOND) for at, mulaw in sounds]
    marks += [(at, 0.0) for at in clears]
    for at, seconds in sorted(marks):
        if at > until:
            break
        if seconds:
            begins = max(ends, at)
            ends = begins + seconds
            heard += seconds
        else:
            heard -= max(0.0, ends - at)
            ends = min(ends, at)
    return heard - max(0.0, ends - until)


def longest_gap(sounds: list[tuple[float, bytes]], clears: list[float], after: float) -> float:
    """The longest silence that begins after then and ends with sound, in seconds."""
    ends, gap = 0.0, 0.0
    marks = [(at, len(mulaw) / BYTES_PER_SECOND) for at, mulaw in sounds]
    for at, seconds in sorted(marks + [(at, 0.0) for at in clears]):
        if not seconds:
            ends = min(ends, at)
            continue
        if after <= ends < at:
            gap = max(gap, at - ends)
        ends = max(ends, at) + seconds
    return gap


def words_off(kept: str, whole: str, seconds: float) -> int:
    """Words that were kept, less those that were heard: the vendors' voice keeps a steady pace."""
    letters, heard, said = seconds * LETTERS_PER_SECOND, 0, 0
    for word in whole.split():
        said += len(word)
        heard += said <= letters
        said += 1
    return len(kept.split()) - heard


class Bot:
    """One of the two that are measured."""

    def __init__(self, on: Stage, url: str, stream: Callable[[], dict[str, Any]]) -> None:
        self.found = Found()
        self._on = on
        self._url = url
        self._stream = stream
        self._clips = itertools.cycle(CLIPS)

    async def measured(self, case: Callable[[Caller], Any]) -> None:
        """Run a case in a call of its own, again if the caller was disturbed."""
        for attempt in range(AGAIN + 1):
            stream = await asyncio.to_thread(self._stream)
            async with calling(self._url, **stream) as caller:
                await caller.first_sound()
                caller.late = 0.0
                await asyncio.sleep(INTO_SECONDS)
                note = await case(caller)
            if caller.late < LATE_SECONDS or attempt == AGAIN:
                note()
                break
            self.found.disturbed += 1
        await asyncio.sleep(0.3)

    async def interrupted(self, caller: Caller) -> Callable[[], None]:
        """Somebody wants to speak."""
        asked = len(await self._asked())
        began, ends = await _say(caller, next(self._clips))
        await _until(lambda: any(at > ends for at, _ in caller.sounds), 8)
        questions = await self._asked()
        stopped = next((at for at in caller.clears if at >= began), None)
        reply = next((at for at, _ in caller.sounds if at > ends), None)

        def note() -> None:
            if stopped is None:
                return
            self.found.stops_ms.append((stopped - began) * 1000)
            if reply is not None:
                self.found.replies_ms.append((reply - ends) * 1000)
            if len(questions) > asked:
                kept, whole = _last(questions[asked], "assistant"), self._whole(questions)
                seconds = heard_seconds(caller.sounds, caller.clears, reply or ends)
                self.found.words_off.append(words_off(kept, whole, seconds))

        return note

    async def nodded_at(self, caller: Caller) -> Callable[[], None]:
        """Somebody only listens."""
        asked = len(await self._asked())
        began, _ = await _say(caller, NOD)
        await asyncio.sleep(0.1)
        await _until(lambda: _silent(caller, 2.0), 25)
        again = len(await self._asked()) > asked
        seconds = heard_seconds(caller.sounds, caller.clears)

        def note() -> None:
            whole = len(self.says) / LETTERS_PER_SECOND
            kept = not again and abs(seconds - whole) < 0.1 * whole
            self.found.kept.append(kept)
            if kept:
                gap = longest_gap(caller.sounds, caller.clears, began)
                self.found.pauses_ms.append(gap * 1000)

        return note

    says: str = ""
    """The whole of what is spoken over, once it is known."""

    def _whole(self, questions: list[list[dict[str, Any]]]) -> str:
        return self.says or _last(questions[-1], "assistant")

    async def _asked(self) -> list[list[dict[str, Any]]]:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://{self._on.vendors}/asked")
        asked: list[list[dict[str, Any]]] = answer.json()
        return asked


def _last(messages: list[dict[str, Any]], role: str) -> str:
    return next((str(each["content"]) for each in reversed(messages) if each["role"] == role), "")


def _silent(caller: Caller, seconds: float) -> bool:
    ends = 0.0
    for at, mulaw in caller.sounds:
        ends = max(ends, at) + len(mulaw) / BYTES_PER_SECOND
    return caller.now > ends + seconds


async def _say(caller: Caller, name: str) -> tuple[float, float]:
    """Say a clip to its end: when it began, and ended."""
    sound = to_mulaw(clip(name))
    before = len(caller.said)
    caller.to_say.extend(sound)
    await _until(lambda: len(caller.said) > before and not caller.to_say, 20)
    return caller.said[-1], caller.said[-1] + len(sound) / BYTES_PER_SECOND


async def _until(true: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds * 100)):
        if true():
            return
        await asyncio.sleep(0.01)


async def measure(runs: int) -> dict[str, Found]:
    """Both bots, in turns."""
    number = itertools.count(1)
    async with stage() as on, on.media() as ours, on.stock_bot() as stocks:
        dialout = Bot(on, ours, lambda: on.stream(on.call()))
        stock = Bot(on, stocks, lambda: {"call_sid": f"CA{next(number):032}", "parameters": {}})
        agent = agents.load("amelia")
        dialout.says = agent.render(agent.opening or "", {**VARIABLES})
        stock.says = SAID.strip()
        for bot in (dialout, stock):  # what a process does once is not measured
            await bot.measured(bot.interrupted)
            bot.found = Found()
        for _ in range(runs):
            for bot in (dialout, stock):
                await bot.measured(bot.interrupted)
                await bot.measured(bot.nodded_at)
        return {"dialout": dialout.found, "stock bot": stock.found}


def summary(found: Found) -> dict[str, Any]:
    """What is printed of it."""
    return {
        "stops_ms": _spread(found.stops_ms),
        "reply_ms": _spread(found.replies_ms),
        "words_off": _spread([float(abs(words)) for words in found.words_off]),
        "nods": len(found.kept),
        "kept": sum(found.kept),
        "pause_ms": _spread(found.pauses_ms),
        "disturbed": found.disturbed,
    }


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    p95 = quantiles(ordered, n=20)[-1] if len(ordered) > 1 else ordered[0]
    return {
        "median": round(median(ordered), 1), "p95": round(min(p95, ordered[-1]), 1),
        "n": len(ordered),
    }  # fmt: skip


def main() -> int:
    """Print a block a bot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.barge_in")
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    tell(f"bytecode compiled: {'yes' if compiled() else 'no'}")
    before = Ticks.now()
    rows = {name: summary(found) for name, found in asyncio.run(measure(given.runs)).items()}
    machine = since(before)
    tell(machine)
    for name, row in rows.items():
        tell(f"{name}: {row['disturbed']} runs made again")
        for what, key in (
            ("voice stops after onset, ms", "stops_ms"), ("answer after their last sound, ms",
            "reply_ms"), ("words kept, off those heard", "words_off"), ("pause at a nod, ms",
            "pause_ms"),
        ):  # fmt: skip
            spread = row[key]
            told = "none" if spread is None else "   ".join(f"{k} {v:g}" for k, v in spread.items())
            tell(f"  {what:36}{told}")
        tell(f"  {'heard to its end over a nod':36}{row['kept']} of {row['nods']}")
    stops = rows["dialout"]["stops_ms"]
    stock = rows["stock bot"]["stops_ms"]
    if stops and stock:
        tell(f"the stock bot takes {stock['median'] / stops['median']:.1f} times as long to stop")
    if given.json:
        tell(json.dumps({"bytecode_compiled": compiled(), "machine": machine, **rows}))
    return int(not stops or stops["median"] > BOUND_MS)


if __name__ == "__main__":
    sys.exit(main())
