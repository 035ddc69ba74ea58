"""What CloudWatch is told of a task: a line a minute on stdout, in its embedded metric format.

Source: docs.aws.amazon.com/AmazonCloudWatch, "Embedded metric format specification". CloudWatch
finds the metrics in the log by itself: nothing is asked of an API, and nothing can fail.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sized

NAMESPACE = "Dialout"
PERIOD_SECONDS = 60.0


def line(environment: str, values: dict[str, int], at: float) -> str:
    """The values as CloudWatch takes them: counts, told apart by environment alone.

    Args:
        environment: the deployment's name; not the task's, or each task would be a metric.
        values: by metric.
        at: seconds since 1970.
    """
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [["environment"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
    }
    own = {"Timestamp": int(at * 1000), "CloudWatchMetrics": [described]}
    return json.dumps({"_aws": own, "environment": environment, **values})


async def report(
    environment: str,
    seats: int,
    live: Sized,
    *,
    write: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Tell, every minute and until cancelled, how busy this task is. A task without a call says so:
    the average over the tasks decides how many there are.
    """
    while True:
        await sleep(PERIOD_SECONDS)
        values = {"ActiveCalls": len(live), "SeatsPerTask": seats}
        (write or _to_stdout)(line(environment, values, clock()))


def _to_stdout(text: str) -> None:
    # Not through the log, whose lines are wrapped in fields of its own.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
