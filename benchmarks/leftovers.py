"""What a process and the ledger still hold, seen from outside. Linux only."""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

_PROC = Path("/proc")
_ESTABLISHED, _CLOSE_WAIT = "01", "08"
_ALIVE_SECONDS = 8.0
"""A task beats every five."""
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment."""

    own_mb: float
    """Memory that it has written, and nobody else."""
    files: int
    """Open file descriptors that are no TCP connection: the listening socket, pipes, libraries."""
    incoming: int
    """TCP connections to the port that it listens at."""
    outgoing: Counter[int]
    """TCP connections that it made, by the port that they go to."""
    threads: int

    @property
    def descriptors(self) -> int:
        """All of them."""
        return self.files + self.incoming + self.outgoing.total()


def held(pid: int, port: int) -> Held:
    """What that process, which listens at ``port``, holds now.

    Raises:
        OSError: there is no such process.
    """
    folder = _PROC / str(pid)
    connections = dict(
        connection
        for table in ("tcp", "tcp6")
        if (folder / "net" / table).exists()
        for connection in tcp((folder / "net" / table).read_text())
    )
    files, incoming, outgoing = 0, 0, Counter[int]()
    for link in (folder / "fd").iterdir():
        try:
            found = _SOCKET.match(str(link.readlink()))
        except OSError:
            continue  # closed meanwhile
        connection = connections.get(int(found[1])) if found else None
        if connection is None:
            files += 1
        elif connection[0] == port:
            incoming += 1
        else:
            outgoing[connection[1]] += 1
    threads = len(list((folder / "task").iterdir()))
    return Held(own_mb((folder / "smaps_rollup").read_text()), files, incoming, outgoing, threads)


def tcp(table: str) -> list[tuple[int, tuple[int, int]]]:
    """The connections of ``/proc/PID/net/tcp``: inode, and local and remote port."""
    found = []
    for line in table.splitlines()[1:]:
        words = line.split()
        if words[3] in (_ESTABLISHED, _CLOSE_WAIT):
            local, remote = (int(words[each].rpartition(":")[2], 16) for each in (1, 2))
            found.append((int(words[9]), (local, remote)))
    return found


def own_mb(smaps: str) -> float:
    """What a process has written, by its ``smaps_rollup``.

    Its clean pages are the libraries' code: private or shared according to who else runs Python on
    the machine, and so up and down by 30 MB with whatever starts and ends there.
    """
    kilobytes = [
        int(line.split()[1])
        for line in smaps.splitlines()
        if line.startswith(("Private_Dirty:", "Private_Hugetlb:", "Swap:"))
    ]
    return sum(kilobytes) / 1024


def growth(calls: list[int], megabytes: list[float]) -> float:
    """MB per 100 calls: the median of the slopes between any two measurements.

    (Theil and Sen's: one measurement that is off, as the first is while something is filled for
    good, tips it less than it does the line of least squares.)

    Args:
        calls: how many were over at each measurement, ascending.
        megabytes: what was held then.
    """
    found = list(zip(calls, megabytes, strict=True))
    slopes = [100 * (b - a) / (y - x) for (x, a), (y, b) in combinations(found, 2) if y > x]
    return median(slopes) if slopes else 0.0


@dataclass(frozen=True)
class Ledger:
    """The fleet's items of the table, as DynamoDB has them."""

    leases: frozenset[str]
    """The calls that have a seat."""
    used: int
    """Seats that the ledger counts as taken."""
    live: dict[str, int]
    """Streams that each task that is alive said it has, in its last beat."""

    @property
    def leaked(self) -> int:
        """When all calls are over: seats that nobody gave back, by whichever count is higher."""
        return max(len(self.leases), self.used)


def ledger(dynamodb: Any, table: str, at: float) -> Ledger:
    """A consistent read of the ledger.

    Args:
        at: the present, in seconds since the epoch: a task that has not beaten of late is gone.
    """
    leases, used, live = set(), 0, {}
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :fleet",
        ExpressionAttributeValues={":fleet": {"S": "FLEET"}},
        ConsistentRead=True,
    )
    for item in (item for page in pages for item in page["Items"]):
        kind, _, name = item["sk"]["S"].partition("#")
        if kind == "LEASE":
            leases.add(name)
        elif kind == "SEATS":
            used = int(item["used"]["N"])
        elif kind == "TASK" and at - int(item["beat_at"]["N"]) / 1e6 < _ALIVE_SECONDS:
            live[name] = int(item["live"]["N"])
    return Ledger(frozenset(leases), used, live)
