"""What befalls the world of a soak, and when: the same for the same seed. Pure."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["kill", "drain", "vendor_cut", "vendor_outage", "network_cut", "stall", "weather"]

EVERY: Mapping[Kind, float] = {
    "kill": 180.0,
    "drain": 240.0,
    "vendor_cut": 90.0,
    "vendor_outage": 450.0,
    "network_cut": 45.0,
    "stall": 90.0,
    "weather": 60.0,
}
"""Seconds from one to the next, on average. A run that is shorter has each once all the same."""
APART_SECONDS = 20.0
"""From a task's kill or drain to the next: its successor has come up by then, as in production."""
_TASKS: tuple[Kind, ...] = ("kill", "drain")


@dataclass(frozen=True)
class Blow:
    """One misfortune."""

    at: float
    """Seconds of the storm."""
    kind: Kind
    detail: Mapping[str, Any]
    """``kill``, ``drain``: nothing. ``vendor_*``: ``vendor`` (a ``rehearsal.misfortune.Part``),
    ``fault`` (its order) and ``seconds`` until all is well again. ``network_cut``: ``how`` (``cut``
    or ``half_open``), ``seconds`` (of the half-open side) and ``which`` (0 to 1: of the streams
    that are open). ``stall``: ``seconds``, ``which``. ``weather``: ``delay`` and ``jitter``, in
    seconds each way.
    """


def storm(seed: int, seconds: float) -> list[Blow]:
    """All that befalls a soak of so many seconds, in its order.

    Each kind has its share of the time and strikes once at random in each: chance, but no run
    without any.
    """
    chance = random.Random(seed)  # noqa: S311 -- a storm, no secret
    blows: list[Blow] = []
    for kind, every in EVERY.items():
        count = max(1, round(seconds / every))
        share = seconds / count
        blows += [
            Blow(share * (each + chance.uniform(0.15, 0.85)), kind, _detail(kind, chance))
            for each in range(count)
        ]
    return sorted(_apart(blows), key=lambda blow: blow.at)


def _apart(blows: list[Blow]) -> Iterator[Blow]:
    latest = float("-inf")
    for blow in sorted(blows, key=lambda blow: blow.at):
        at = blow.at
        if blow.kind in _TASKS:
            latest = at = max(at, latest + APART_SECONDS)
        yield Blow(at, blow.kind, blow.detail)


def _detail(kind: Kind, chance: random.Random) -> dict[str, Any]:
    match kind:
        case "vendor_cut":
            vendor, fault = chance.choice(_CUTS)
            return {"vendor": vendor, "fault": fault, "seconds": 0.03}
        case "vendor_outage":
            vendor, fault = chance.choice(_OUTAGES)
            return {"vendor": vendor, "fault": fault, "seconds": chance.uniform(6.0, 10.0)}
        case "network_cut":
            how = chance.choice(["cut", "cut", "half_open"])
            return {"how": how, "seconds": 20.0, "which": chance.random()}
        case "stall":
            return {"seconds": chance.uniform(0.5, 3.0), "which": chance.random()}
        case "weather":
            delay, jitter = chance.choice(_WEATHER)
            return {"delay": delay, "jitter": jitter}
        case _:
            return {}


_CUTS: list[tuple[str, dict[str, Any]]] = [
    ("deepgram", {"listen": {"cut_after_seconds": 0}}),
    ("deepgram", {"speak": {"cut_after_seconds": 0}}),
    ("deepgram", {"listen": {"cut_after_seconds": 0}, "speak": {"cut_after_seconds": 0}}),
]
"""Connections break, and the vendor is there again at once."""
_OUTAGES: list[tuple[str, dict[str, Any]]] = [
    ("deepgram", {"listen": {"refuse": 503, "cut_after_seconds": 0}}),
    ("deepgram", {"speak": {"refuse": 503, "cut_after_seconds": 0}}),
    ("groq", {"refuse": 503}),
    ("groq", {"cut_after_words": 3}),
    ("groq", {"hang": True}),
]
"""Longer than any reconnect: a call that needs the vendor meanwhile may end in the apology."""
_WEATHER = [(0.0, 0.0), (0.02, 0.01), (0.05, 0.03), (0.1, 0.05), (0.15, 0.1)]
