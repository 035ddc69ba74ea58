"""Everything that we claim about speed, in one table.

``python -m benchmarks [--runs 3] [--only PART]... [--json] [--plot PNG]``, or ``make bench``. Exits
1 where a figure is not reached, or hearing pays for speed. With ``--json`` the last line is
one JSON object: ``machine``, ``bytecode_compiled``, ``figures`` (a list of ``name``, ``unit``,
``stock``, ``ours``, ``ratio``, ``to_reach``, ``floor``, ``reached``) and ``parts`` (what each part
printed as JSON).

Each part is a program of its own (``python -m benchmarks.capacity`` and so on; their docstrings
say what is measured and how), run one after the other, since they would disturb each other. Dialout
and a stock bot, written from Pipecat's public documentation, take turns against the same local
vendors with fixed latencies; disturbed runs are thrown away; figures are medians.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure
from benchmarks.figures import figures
from benchmarks.load import Ticks, since
from benchmarks.stage import compiled, tell

SIZES = "1,4,8,12,16,20,24"
FILTERED_SIZES = "1,4,8,12,16"


def programs(runs: int) -> dict[str, list[str]]:
    """Part → its program and arguments, in order."""
    crowds = ["benchmarks.capacity", "--runs", str(runs)]
    return {
        "floor": ["benchmarks.floor"],
        "first_audio": ["benchmarks.first_audio", "--runs", "12", "--processes", str(runs)],
        "barge_in": ["benchmarks.barge_in", "--runs", str(4 * runs)],
        "cold_start": ["benchmarks.cold_start", "--runs", str(3 * runs)],
        "answered": ["benchmarks.answered", "--calls", str(2 * runs)],
        "quality": ["benchmarks.quality"],
        "capacity": [*crowds, "--calls", SIZES, "--also-stock", "2,3"],
        "filtered": [*crowds, "--calls", FILTERED_SIZES, "--noise-filter", "--bot", "dialout"],
    }


def measured(program: list[str]) -> Any:
    """What a part prints as its last line. Its other lines are shown as they come."""
    command = [sys.executable, "-W", "ignore", "-m", *program, "--json"]
    last = ""
    with subprocess.Popen(  # noqa: S603 -- our own programs
        command, stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if last and not last.startswith("{"):
                tell(f"  {last}")
            last = line.rstrip()
    if not last.startswith("{"):
        raise SystemExit(f"{program[0]} has no figures: {last}")
    return json.loads(last)


def show(rows: list[Figure], console: Console) -> None:
    """The table."""
    table = Table(title="Dialout beside a stock bot")
    for name in ("figure", "stock bot", "Dialout", "times better", "to reach", "floor", ""):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for row in rows:
        table.add_row(
            f"{row.name}, {row.unit}" if row.unit else row.name,
            _number(row.stock), _number(row.ours), _number(row.ratio), _number(row.to_reach),
            _number(row.floor), "" if row.reached else "NOT REACHED",
        )  # fmt: skip
    console.print(table)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def told(row: Figure) -> dict[str, Any]:
    """A figure as JSON."""
    return {
        "name": row.name, "unit": row.unit, "stock": row.stock, "ours": row.ours,
        "ratio": round(row.ratio, 2) if row.ratio else None, "to_reach": row.to_reach,
        "floor": row.floor, "reached": row.reached,
    }  # fmt: skip


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--runs", type=int, default=3, help="of everything that is repeated")
    parser.add_argument("--only", action="append", choices=list(programs(1)), metavar="PART")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path, default=Path(".build/capacity.png"))
    given = parser.parse_args()
    before = Ticks.now()
    parts: dict[str, Any] = {}
    for name, program in programs(given.runs).items():
        if not given.only or name in given.only:
            tell(f"{name}: {' '.join(program)}")
            parts[name] = measured(program)
    machine = since(before)
    rows = figures(parts)
    show(rows, Console(width=None if sys.stdout.isatty() else 130))
    tell(f"{machine}; bytecode compiled: {'yes' if compiled() else 'no'}")
    if crowds := [each for part in ("capacity", "filtered") for each in _crowds(parts, part)]:
        from benchmarks.plot import plot  # it brings a renderer along

        given.plot.parent.mkdir(parents=True, exist_ok=True)
        given.plot.write_bytes(plot(crowds))
        tell(f"latency and gaps against concurrent calls: {given.plot}")
    if given.json:
        told_of = {"machine": machine, "bytecode_compiled": compiled()}
        tell(json.dumps({**told_of, "figures": [told(row) for row in rows], "parts": parts}))
    return int(not all(row.reached for row in rows))


def _crowds(parts: dict[str, Any], part: str) -> list[dict[str, Any]]:
    return list(parts.get(part, {}).get("crowds", []))


if __name__ == "__main__":
    sys.exit(main())
