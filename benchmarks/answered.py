"""From Twilio's answer to the first sound, over every hop of a rehearsed world.

``python -m benchmarks.answered [--calls 7] [--json]``; exits 1 where the median is over its bound.
The stack in the local cloud, its functions behind the API Gateway, the media service, and the
stand-in for Twilio: the person answers, ``/twiml`` is fetched, the stream is opened, and sound
comes. The first call of the deployment, whose functions are cold, is not counted; those after it
are to warm functions, as the callbacks of a ringing call make them (DESIGN: the life of a call).
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.load import Ticks, since
from benchmarks.stage import tell
from rehearsal import placed_call, scenario
from rehearsal.plan import plan
from rehearsal.world import free_port, world

BOUND_MS = 250
SCENARIO = "reminder-confirmed"


async def measure(calls: int) -> list[float]:
    """Milliseconds, a call each; the first is the cold one."""
    found: list[float] = []
    planned = plan({}, free_port())
    with TemporaryDirectory() as folder:
        async with world(planned, SCENARIO, lambda _: None) as up:
            for _ in range(calls + 1):
                record = await _record(up.plan.origin, up.plan.api_key, Path(folder))
                found.append(float(record["answer_to_first_audio_ms"]))
    return found


async def _record(origin: str, key: str, folder: Path) -> dict[str, Any]:
    request = scenario.load(SCENARIO).request
    return (await placed_call.place(origin, key, request, folder, lambda _: None)).record


def main() -> int:
    """Print the median, and the longest."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answered")
    parser.add_argument("--calls", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = Ticks.now()
    cold, *warm = asyncio.run(measure(given.calls))
    machine = since(before)
    tell(machine)
    tell(
        f"answer to first sound: median {median(warm):.0f} ms, longest {max(warm):.0f} ms of "
        f"{len(warm)} calls (bound {BOUND_MS}); the deployment's first call {cold:.0f} ms"
    )
    if given.json:
        told = {"median_ms": median(warm), "longest_ms": max(warm), "first_call_ms": cold}
        tell(json.dumps({"machine": machine, **told}))
    return int(median(warm) > BOUND_MS)


if __name__ == "__main__":
    sys.exit(main())
