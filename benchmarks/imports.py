"""What each function's import costs: milliseconds of CPU in a process of its own.

``python -m benchmarks.imports [--runs 7] [--json]``; exits 1 where a median is over its bound.
Compiled bytecode is used, as in the zip. Bounds are about twice of what was measured on two cores
of a shared x86-64 machine with Python 3.11: they catch a new heavy import, not a noisy neighbour.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from statistics import median

BOUNDS_MS = {
    "functions.dialout": 450,
    "functions.twiml": 350,
    "functions.call_records": 450,
    "functions.events": 400,
    "functions.announcer": 350,
    "functions.debrief": 350,
    "functions.campaigns": 500,
    "functions.campaign_reports": 300,
    "functions.sweeper": 400,
    "boto3": 300,
    "twilio.rest": 200,
    "pydantic": 100,
}
"""Module → CPU-milliseconds. The last three are for scale: they are imported where first used."""
_PROGRAM = "import sys, time; import {module}; sys.stdout.write(str(time.process_time()))"


def cpu_ms(module: str, runs: int, cache: str) -> float:
    """The median CPU time from process start to the module's being imported, the interpreter's
    own start taken off.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}

    def once(name: str) -> float:
        program = _PROGRAM.format(module=name)
        command = [sys.executable, "-c", program]
        done = subprocess.run(  # noqa: S603 -- our own interpreter
            command, env=environment, check=True, capture_output=True, text=True
        )
        return float(done.stdout) * 1000

    once(module)  # writes the bytecode
    return median(once(module) for _ in range(runs)) - median(once("sys") for _ in range(runs))


def main() -> int:
    """Print a row a module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        measured = {module: cpu_ms(module, given.runs, cache) for module in BOUNDS_MS}
    over = [module for module, ms in measured.items() if ms > BOUNDS_MS[module]]
    for module, ms in measured.items():
        mark = "  OVER" if module in over else ""
        sys.stdout.write(f"{module:26}{ms:7.0f} ms   bound {BOUNDS_MS[module]} ms{mark}\n")
    if given.json:
        sys.stdout.write(json.dumps({module: round(ms) for module, ms in measured.items()}) + "\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
