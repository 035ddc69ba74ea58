"""How busy the machine was with other work while something was measured."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Ticks:
    """The kernel's clock ticks of all cores since it booted."""

    busy: int
    stolen: int
    all: int

    @classmethod
    def now(cls) -> Self:
        """Zeros where there is no ``/proc``."""
        if not _STAT.exists():
            return cls(0, 0, 0)
        ticks = [int(word) for word in _STAT.read_text().splitlines()[0].split()[1:9]]
        idle = ticks[3] + ticks[4]
        return cls(busy=sum(ticks) - idle, stolen=ticks[7], all=sum(ticks))


@dataclass(frozen=True)
class Core:
    """One core's ticks."""

    number: int
    busy: int
    all: int

    @classmethod
    def now(cls, number: int) -> Self:
        """Zeros where there is no such core."""
        for line in _STAT.read_text().splitlines() if _STAT.exists() else ():
            name, *words = line.split()
            if name == f"cpu{number}":
                ticks = [int(word) for word in words[:8]]
                return cls(number, sum(ticks) - ticks[3] - ticks[4], sum(ticks))
        return cls(number, 0, 0)

    def busy_since(self, before: "Core") -> float:
        """The part of the time from then to now in which it was busy."""
        return (self.busy - before.busy) / max(1, self.all - before.all)


def since(before: Ticks) -> str:
    """A line about the machine from then to now."""
    after = Ticks.now()
    whole = max(1, after.all - before.all)
    busy, stolen = after.busy - before.busy, after.stolen - before.stolen
    return (
        f"{os.cpu_count()} cores, {100 * busy / whole:.0f} % busy, {100 * stolen / whole:.0f} % "
        f"stolen by neighbours; load average {os.getloadavg()[0]:.1f}"
    )
