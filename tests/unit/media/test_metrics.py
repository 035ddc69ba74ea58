"""The line a minute that CloudWatch reads."""

import asyncio
import json
from collections.abc import Callable

import pytest

from media_service import metrics


class Clock:
    """Minutes that take no time; after so many nothing more happens."""

    def __init__(self, minutes: int, each: Callable[[], None] = lambda: None) -> None:
        self.at = 1_800_000_000.25
        self._left = minutes
        self._each = each
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if not self._left:
            self.over.set()
            await asyncio.Event().wait()
        self._left -= 1
        self.at += seconds
        self._each()

    def now(self) -> float:
        return self.at


async def told(clock: Clock, live: list[str]) -> list[str]:
    lines: list[str] = []
    reporting = asyncio.create_task(
        metrics.report("prod", 10, live, write=lines.append, clock=clock.now, sleep=clock.sleep)
    )
    await clock.over.wait()
    reporting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reporting
    return lines


def test_the_line_is_what_cloudwatch_takes() -> None:
    assert json.loads(metrics.line("dev", {"ActiveCalls": 3, "SeatsPerTask": 10}, 1.5)) == {
        "_aws": {
            "Timestamp": 1500,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Dialout",
                    "Dimensions": [["environment"]],
                    "Metrics": [
                        {"Name": "ActiveCalls", "Unit": "Count"},
                        {"Name": "SeatsPerTask", "Unit": "Count"},
                    ],
                }
            ],
        },
        "environment": "dev",
        "ActiveCalls": 3,
        "SeatsPerTask": 10,
    }


async def test_every_minute_is_told_with_no_call_too() -> None:
    live: list[str] = []
    lines = [json.loads(line) for line in await told(Clock(3, lambda: live.append("call")), live)]
    assert [line["ActiveCalls"] for line in lines] == [1, 2, 3]
    first, *others = (line["_aws"]["Timestamp"] for line in lines)
    assert first == 1_800_000_060_250
    assert others == [first + 60_000, first + 120_000]
    (idle,) = await told(Clock(1), [])
    assert json.loads(idle)["ActiveCalls"] == 0


async def test_it_is_a_line_of_its_own_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock(2)
    reporting = asyncio.create_task(
        metrics.report("dev", 10, [], clock=clock.now, sleep=clock.sleep)
    )
    await clock.over.wait()
    reporting.cancel()
    out = capsys.readouterr().out
    assert out.endswith("\n")
    assert [next(iter(json.loads(line))) for line in out.splitlines()] == ["_aws", "_aws"]
