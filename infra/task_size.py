"""How large a media task is for its seats. Pure."""

from dataclasses import dataclass

CALLS_A_CORE = 20
"""That one process carries on one core, without gaps and without being slower (``make bench``; the
figures are in docs/operations.md). Half of it are seats: a call may have the noise filter in a loud
street, a vCPU may be half of a core, and half as many calls more may come from a task that died."""
SIZES = {CALLS_A_CORE // 2: (1024, 2048), CALLS_A_CORE: (2048, 4096)}
"""Seats up to which → Fargate's CPU units and MiB. The process is some 250 MB and 10 MB a call."""


class TooManySeatsError(ValueError):
    """One process does not carry so many calls. The message says what to do."""


@dataclass(frozen=True)
class TaskSize:
    """Of one media task: CPU units (1,024 a vCPU) and MiB of memory."""

    cpu: int
    memory_mib: int


def task_size(seats: int) -> TaskSize:
    """The least that carries that many calls.

    A process talks on one core, and a second one takes its turn model and what else has threads:
    whoever needs more seats needs more tasks.

    Raises:
        TooManySeatsError: there is none.
    """
    for most, (cpu, memory) in sorted(SIZES.items()):
        if seats <= most:
            return TaskSize(cpu, memory)
    raise TooManySeatsError(
        f"DIALOUT_SEATS_PER_TASK is {seats}, and a media task carries {max(SIZES)} calls at most: "
        "leave it and raise -c max_tasks (docs/operations.md, task sizes)"
    )
