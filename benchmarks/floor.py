"""What no bot can do without: the models alone, on sound that never stops.

``python -m benchmarks.floor [--seconds 20] [--json]``. Milliseconds of processor for each second of
a callee's sound, on one core: Silero (the VAD), Smart Turn (one run a turn), and RNNoise, for those
agents that have the noise filter, as if somebody spoke all the time.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np

from benchmarks.clips import RATE, clip
from benchmarks.load import Ticks, since
from benchmarks.noise import filtered
from benchmarks.stage import pinned, tell
from media_service.listening import models
from media_service.listening.noise_filter import NoiseFilter

BOT_CORE = 0
SECONDS_A_TURN = 5.0
"""Of a call, from one turn of the callee's to the next: theirs, the wait, and the answer."""
RUNS = 5


@dataclass(frozen=True)
class Floor:
    """Milliseconds of processor for a second of a call."""

    vad: float
    turn: float
    noise_filter: float

    def cpu(self, *, noise_filter: bool) -> float:
        """Seconds of processor for a second of a call."""
        return (self.vad + self.turn + (self.noise_filter if noise_filter else 0.0)) / 1000


async def measure(seconds: int) -> Floor:
    """All three, medians of several runs."""
    with pinned(BOT_CORE):
        loaded = models.load()
        sound = np.resize(clip("sarah-interrupts"), seconds * RATE)
        plain = [pcm async for pcm in filtered(sound, None)]
        vads, turns, filters = [], [], []
        for _ in range(RUNS):
            vad = loaded.vad()
            vad.set_sample_rate(RATE)
            began = time.process_time()
            for pcm in plain:
                vad._run_analyzer(pcm)
            vads.append(time.process_time() - began)
            began = time.process_time()
            loaded.smart_turn._predict_endpoint(np.zeros(8 * 16_000, np.float32))
            turns.append(time.process_time() - began)
            began = time.process_time()
            async for _ in filtered(sound, NoiseFilter()):
                pass
            filters.append(time.process_time() - began)
        return Floor(
            vad=round(1000 * median(vads) / seconds, 2),
            turn=round(1000 * median(turns) / SECONDS_A_TURN, 2),
            noise_filter=round(1000 * median(filters) / seconds, 2),
        )


def main() -> int:
    """Print a row a model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    before = Ticks.now()
    found = asyncio.run(measure(given.seconds))
    tell(since(before))
    for name, value in asdict(found).items():
        tell(f"{name:14}{value:6.2f} ms of processor a second of a call")
    if given.json:
        tell(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
