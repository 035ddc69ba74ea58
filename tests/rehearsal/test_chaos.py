"""The short form of `make chaos`: a minute in which everything breaks once, and no call is lost."""

import io

import pytest
from rich.console import Console

from benchmarks.chaos import Asked, run, show


@pytest.mark.acceptance
@pytest.mark.timeout(420)
async def test_a_minute_of_chaos_loses_no_call() -> None:
    asked = Asked(minutes=1.2, calls=8, seed=7, tasks=2, at_once=3)
    figures = await run(asked)
    shown = io.StringIO()
    show(figures, Console(file=shown, width=60))
    print(shown.getvalue())

    assert figures.begun == asked.calls
    assert figures.ended_right + figures.excused == figures.begun
    assert figures.resumed >= 1
    assert min(figures.kills, figures.drains, figures.network_cuts, figures.vendor_cuts) >= 1
    assert (figures.lost, figures.leases_leaked, figures.undrained) == (0, 0, 0)
    assert (figures.file_descriptors_left, figures.tasks_left) == (0, 0)
    assert figures.good
