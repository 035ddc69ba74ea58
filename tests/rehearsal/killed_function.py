"""A function's environments, lost all at once."""

import os
import signal
from pathlib import Path

from rehearsal.world import World


def kill_function(up: World, name: str) -> int:
    """Kill every process of a function outright, in this world alone; how many there were."""
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        ours = {
            f"AWS_LAMBDA_FUNCTION_NAME=dialout-rehearsal-{name}".encode(),
            f"AWS_ENDPOINT_URL={up.deployment.endpoint}".encode(),
        }
        if ours <= set(environment):
            os.kill(int(process.name), signal.SIGKILL)
            killed += 1
    return killed
