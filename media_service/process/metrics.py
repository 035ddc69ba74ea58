"""What CloudWatch is told of a task: a line a minute on stdout, in its embedded metric format.

Source: docs.aws.amazon.com/AmazonCloudWatch, "Embedded metric format specification". CloudWatch
finds the metrics in the log by itself: nothing is asked of an API, and nothing can fail.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sized

from media_service.latency import Latencies

NAMESPACE = "Dialout"
PERIOD_SECONDS = 60.0
LATENCIES = {
    "latency_ms": "TurnLatency",
    "turn_ms": "TurnLatencyTurn",
    "token_ms": "TurnLatencyToken",
    "voice_ms": "TurnLatencyVoice",
    "sound_ms": "TurnLatencySound",
}
"""What the callees waited for, in milliseconds: the metric of each part in a turn."""
MOST_VALUES = 100
"""Of a metric, in one line."""


def line(environment: str, values: Mapping[str, int | list[int]], at: float) -> str:
    """The values as CloudWatch takes them, told apart by environment alone.

    Args:
        environment: the deployment's name; not the task's, or each task would be a metric.
        values: by metric: a count, or at most a hundred times in milliseconds.
        at: seconds since 1970.
    """
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [["environment"]],
        "Metrics": [
            {"Name": name, "Unit": "Milliseconds" if isinstance(value, list) else "Count"}
            for name, value in values.items()
        ],
    }
    own = {"Timestamp": int(at * 1000), "CloudWatchMetrics": [described]}
    return json.dumps({"_aws": own, "environment": environment, **values})


def portions(latencies: Mapping[str, list[int]]) -> list[dict[str, list[int]]]:
    """The latencies, by metric, in as many lines as they need."""
    most = max((len(values) for values in latencies.values()), default=0)
    return [
        {
            LATENCIES[name]: values[start : start + MOST_VALUES]
            for name, values in latencies.items()
            if values[start:]
        }
        for start in range(0, most, MOST_VALUES)
    ]


async def report(
    environment: str,
    seats: int,
    live: Sized,
    latencies: Latencies,
    *,
    write: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Tell, every minute and until cancelled, how busy this task is and what its callees waited
    for. A task without a call says so: the average over the tasks decides how many there are.
    """
    while True:
        await sleep(PERIOD_SECONDS)
        counts = {"ActiveCalls": len(live), "SeatsPerTask": seats}
        told: list[Mapping[str, int | list[int]]] = [counts, *portions(latencies.take())]
        for values in told:
            (write or _to_stdout)(line(environment, values, clock()))


def _to_stdout(text: str) -> None:
    # Not through the log, whose lines are wrapped in fields of its own.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
