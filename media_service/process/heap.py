"""The process's memory: what calls are done with goes back to the system.

A call leaves no object behind (``tests/integration/media/test_leftovers.py``), but holes: cycles
that wait for the collector, and freed memory that glibc keeps, in as many arenas as there were
threads that allocated at once. Left alone, what glibc so kept grew by 30 MB in fifty calls
(``benchmarks/memory.py`` measures it).
"""

import asyncio
import ctypes
import gc
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from media_service.process.live_calls import LiveCalls

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
ARENAS = 1
"""Threads mostly wait for each other anyway, and what is freed in another's is given back late."""
_M_ARENA_MAX = -8
"""Of glibc's ``malloc.h``."""


def one_arena() -> None:
    """Have memory in one place; to be said before there are threads. Nothing but on glibc."""
    _glibc("mallopt", _M_ARENA_MAX, ARENAS)


def hold() -> None:
    """Look for no garbage until ``keep``. What is loaded at first stays, and to look through it
    again and again as it grows took a quarter of the process's start."""
    gc.disable()


def keep() -> None:
    """What is there now stays: the collector never looks through it, and begins with what comes."""
    gc.freeze()
    gc.enable()


def settle() -> None:
    """What has come since stays too, but for what is garbage already."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Give back what nobody uses. Blocks for some tens of milliseconds."""
    gc.collect()
    _glibc("malloc_trim", 0)


async def tend(live: "LiveCalls") -> None:
    """Do so whenever calls were here and none is any more. Never returns."""
    seen = 0
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        if live.begun != seen and not len(live):
            seen = live.begun
            await asyncio.to_thread(give_back)


def _glibc(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function:
        function(*arguments)
