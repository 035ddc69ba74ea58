"""The moment at which a call may change hands: a rule over what goes on in it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum, auto

LULL_SECONDS = 0.25
"""Nothing has to go on for so long: between two parts of one doing there are shorter gaps."""
LOOK_SECONDS = 0.05
"""Between two looks."""


@dataclass(frozen=True)
class Scene:
    """What goes on in a call at one moment."""

    callee: bool = False
    """The callee speaks, or their turn is not over."""
    agent: bool = False
    """The agent thinks, or something of its answer is still to come."""
    unheard: bool = False
    """Something of what the agent said is still to be heard."""
    opening: bool = False
    """Nobody has said anything to its end yet: the greeting is under way."""
    busy: bool = False
    """A tool runs, or something else that would have to be begun anew."""
    leaving: bool = False
    """A goodbye or a transfer has begun: the call ends here by itself, or goes on after all."""

    @property
    def quiet(self) -> bool:
        return not any(getattr(self, each.name) for each in fields(self))


class Due(Enum):
    """Whether to hand the call over."""

    NOT_YET = auto()
    QUIET = auto()
    """Now, and nobody is cut."""
    LATE = auto()
    """Now, whatever goes on."""


class Lull:
    """Looks at one call from when it is to change hands.

    Args:
        latest: a call that never falls quiet is handed over after so many seconds.
        clock: seconds.
    """

    def __init__(self, latest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._latest = latest
        self._clock = clock
        self._began = clock()
        self._quiet_since: float | None = None

    def look(self, scene: Scene) -> Due:
        """What is due now; to be asked some times within LULL_SECONDS."""
        at = self._clock()
        if not scene.quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = at
        if self._quiet_since is not None and at - self._quiet_since >= LULL_SECONDS:
            return Due.QUIET
        # Who is leaving is never cut by it: the last words have a limit of their own.
        if at - self._began >= self._latest and not scene.leaving:
            return Due.LATE
        return Due.NOT_YET


async def due(scene: Callable[[], Scene], latest: float) -> Due:
    """Look at a call until it is to be handed over: ``QUIET`` or ``LATE``."""
    lull = Lull(latest)
    while True:
        found = lull.look(scene())
        if found is not Due.NOT_YET:
            return found
        await asyncio.sleep(LOOK_SECONDS)
