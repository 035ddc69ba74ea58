"""The line a minute that CloudWatch reads."""

import asyncio
import json
from collections.abc import Callable

import pytest

from calls.call import Turn, TurnLatency
from media_service.latency import Latencies
from media_service.process import metrics
from tests.unit.test_call import AT


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


async def told(clock: Clock, live: list[str], latencies: Latencies | None = None) -> list[str]:
    lines: list[str] = []
    reporting = asyncio.create_task(
        metrics.report(
            "prod", 10, live, latencies or Latencies(),
            write=lines.append, clock=clock.now, sleep=clock.sleep,
        )
    )  # fmt: skip
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
        metrics.report("dev", 10, [], Latencies(), clock=clock.now, sleep=clock.sleep)
    )
    await clock.over.wait()
    reporting.cancel()
    out = capsys.readouterr().out
    assert out.endswith("\n")
    assert [next(iter(json.loads(line))) for line in out.splitlines()] == ["_aws", "_aws"]


def turn(latency_ms: int | None, *parts: int) -> Turn:
    names = ("turn_ms", "token_ms", "voice_ms", "sound_ms")
    latency = TurnLatency(**dict(zip(names, parts, strict=True))) if parts else None
    return Turn(
        number=1, role="agent", text="Yes.", at=AT, latency_ms=latency_ms, latency=latency
    )  # fmt: skip


async def test_what_callees_waited_for_is_told_once_in_milliseconds() -> None:
    latencies = Latencies()
    for each in (turn(None), turn(800), turn(1000, 500, 200, 250, 50)):
        latencies.add(each)
    first, times, second = (json.loads(line) for line in await told(Clock(2), [], latencies))
    assert "TurnLatency" not in first | second
    own = times.pop("_aws")["CloudWatchMetrics"][0]
    assert times == {
        "environment": "prod",
        "TurnLatency": [800, 1000],
        "TurnLatencyTurn": [500],
        "TurnLatencyToken": [200],
        "TurnLatencyVoice": [250],
        "TurnLatencySound": [50],
    }
    assert own["Dimensions"] == [["environment"]]
    assert own["Metrics"] == [
        {"Name": name, "Unit": "Milliseconds"} for name in times if name != "environment"
    ]


async def test_a_line_holds_a_hundred_values_of_each() -> None:
    latencies = Latencies()
    for number in range(230):
        latencies.add(turn(number) if number % 2 else turn(number, 1, 2, 3, 4))
    _, *times = (json.loads(line) for line in await told(Clock(1), [], latencies))
    assert [len(line["TurnLatency"]) for line in times] == [100, 100, 30]
    assert [len(line.get("TurnLatencyTurn", [])) for line in times] == [100, 15, 0]
    assert [value for line in times for value in line["TurnLatency"]] == list(range(230))
