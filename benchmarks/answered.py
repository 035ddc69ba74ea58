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

import httpx

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
                placed = await placed_call.place(
                    up.plan.origin, up.plan.api_key, scenario.load(SCENARIO).request,
                    Path(folder), lambda _: None,
                )  # fmt: skip
                at = f"{up.twilio_url}/_rehearsal/calls/{placed.record['call_sid']}/events"
                async with httpx.AsyncClient(trust_env=False) as network:
                    found.append(first_sound_ms((await network.get(at)).json()))
    return found


def first_sound_ms(events: list[dict[str, Any]]) -> float:
    """As the phone network saw it: from the person's answer to the stream's first sound.

    (A record's own figure begins when we learn of the answer, a fetch of ``/twiml`` later.)
    """
    at = {event["event"]: float(event["at"]) for event in reversed(events)}
    return round(1000 * (at["stream_first_media"] - at["answered"]), 1)


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
