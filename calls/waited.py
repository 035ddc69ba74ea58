"""How long the callee waited for the agent's answers, over a whole call. Pure."""

import math
from collections.abc import Iterable

from pydantic import BaseModel

from calls.call import Turn


class Waited(BaseModel):
    """Of all turns whose latency is known."""

    p50_ms: int
    p95_ms: int
    """Nearest rank: a latency that was measured, none between two."""
    turns: int


def waited(turns: Iterable[Turn]) -> Waited | None:
    """The latencies of a conversation; None, if no turn has one."""
    known = sorted(turn.latency_ms for turn in turns if turn.latency_ms is not None)
    if not known:
        return None

    def rank(share: float) -> int:
        return known[math.ceil(share * len(known)) - 1]

    return Waited(p50_ms=rank(0.5), p95_ms=rank(0.95), turns=len(known))
