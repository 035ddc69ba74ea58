"""The figures that the parts' results come to. Pure."""

from collections.abc import Iterator
from typing import Any

from benchmarks.figure import Figure
from benchmarks.vendors import RESULT_SECONDS, TOKEN_SECONDS, VOICE_SECONDS

VAD_STOP_SECONDS = 0.2
"""Of silence, that make the end of what a callee says; the same for both bots."""
NOT_OURS_MS = 1000 * (VAD_STOP_SECONDS + RESULT_SECONDS + TOKEN_SECONDS + VOICE_SECONDS)
VAD_START_MS = 130 + 32
"""Of voice, until it counts, and the window that Silero looks at."""
Part = dict[str, Any]


def figures(parts: dict[str, Part]) -> list[Figure]:
    """The rows for which there are results, in the order of the table.

    Args:
        parts: what ``benchmarks.__main__`` names, each with what it prints as JSON.
    """
    rows: list[Figure] = []
    floor = parts.get("floor")
    for name, filtered in (("capacity", False), ("filtered", True)):
        if name in parts:
            rows += _crowds(parts[name], floor, filtered=filtered)
    if "first_audio" in parts:
        rows += _first_audio(parts["first_audio"])
    if "capacity" in parts:
        rows += _alone(parts["capacity"])
    if "barge_in" in parts:
        rows += _barge_in(parts["barge_in"])
    if "capacity" in parts:
        rows += _process(parts["capacity"])
    if "cold_start" in parts:
        rows += _functions(parts["cold_start"])
    if "answered" in parts:
        first = parts["answered"]["median_ms"]
        rows.append(Figure("Twilio's answer → first audio, all hops", "ms", None, first, 250))
    if "quality" in parts:
        rows += _quality(parts["quality"])
    return rows


def _mine(part: Part, which: str) -> list[Part]:
    mine = [each for each in part["crowds"] if each["bot"] == which]
    return sorted(mine, key=lambda each: int(each["calls"]))


def _carried(part: Part, which: str) -> Part | None:
    """The largest crowd that a bot carried; the smallest, if it carried none. None: not asked."""
    mine = _mine(part, which)
    most = part["carries"].get(which, 0)
    return next(
        (each for each in reversed(mine) if each["calls"] <= most), mine[0] if mine else None
    )


def _of(crowd: Part | None, name: str) -> float | None:
    return crowd[name] if crowd else None


def _crowds(part: Part, floor: Part | None, *, filtered: bool) -> Iterator[Figure]:
    how = "with the noise filter" if filtered else "without noise filter"
    models = None
    if floor:
        models = floor["vad"] + floor["turn"] + (floor["noise_filter"] if filtered else 0)
    yield Figure(
        f"calls on one core, {how}", "", part["carries"].get("stock"), part["carries"]["dialout"],
        12 if filtered else 20, round(1000 / models, 1) if models else None, more=True,
    )  # fmt: skip
    stock, ours = _carried(part, "stock"), _carried(part, "dialout")
    assert ours
    crowds = f"{stock['calls']} and {ours['calls']}" if stock else f"{ours['calls']}"
    yield Figure(
        f"CPU-seconds a call-second, {how} ({crowds} calls)", "s",
        _of(stock, "cpu"), ours["cpu"], 0.06 if filtered else 0.035,
        round(models / 1000, 4) if models else None,
    )  # fmt: skip


def _first_audio(part: Part) -> Iterator[Figure]:
    for name, ours, stock, to_reach in (
        ("warm", "prepared", "stock bot", 50),
        ("first call of a process", "prepared, first call", "stock bot, first call", 100),
    ):
        yield Figure(
            f"stream start → first audio, {name}", "ms", part[stock]["median_ms"],
            part[ours]["median_ms"], to_reach,
        )  # fmt: skip


def _alone(part: Part) -> Iterator[Figure]:
    stock, ours = _mine(part, "stock")[0], _mine(part, "dialout")[0]
    yield Figure(
        "own share of turn latency, p50", "ms",
        round(stock["turn_p50_ms"] - NOT_OURS_MS), round(ours["turn_p50_ms"] - NOT_OURS_MS), 80, 0,
    )  # fmt: skip
    yield Figure(
        "whole turn latency, p50", "ms", round(stock["turn_p50_ms"]), round(ours["turn_p50_ms"]),
        NOT_OURS_MS + 80, NOT_OURS_MS,
    )  # fmt: skip


def _barge_in(part: Part) -> Iterator[Figure]:
    stock, ours = part["stock bot"]["stops_ms"], part["dialout"]["stops_ms"]
    yield Figure(
        "barge-in → voice stops", "ms", stock and stock["median"],
        ours["median"] if ours else float("inf"), 280, VAD_START_MS,
    )  # fmt: skip


def _process(part: Part) -> Iterator[Figure]:
    stock, ours = _carried(part, "stock"), _carried(part, "dialout")
    assert ours
    for name, unit, field, to_reach in (
        ("memory of a process's first call", "MB", "first_call_mb", 30.0),
        ("memory of each further call", "MB", "further_call_mb", 10.0),
        ("process start → serving", "s", "start_s", 1.5),
    ):
        yield Figure(name, unit, _of(stock, field), ours[field], to_reach)


def _functions(part: Part) -> Iterator[Figure]:
    for name, to_reach in (("/twiml", 300), ("/dialout", 600)):
        alone = part.get("boto3 client alone", {}).get("cold_ms")
        yield Figure(
            f"cold start of {name} (beside: a boto3 client alone)", "ms", alone,
            part[name]["cold_ms"], to_reach,
        )  # fmt: skip
        yield Figure(f"{name}, warm", "ms", None, part[name]["warm_ms"], 15)


def _quality(part: Part) -> Iterator[Figure]:
    for condition, told in (("clean", "clean"), ("street", "street, 10 dB")):
        stock, ours = part[condition]["stock"], part[condition]["dialout"]
        yield Figure(
            f"words wrong, {told}", "%", 100 * stock["words_wrong"], 100 * ours["words_wrong"],
            100 * stock["words_wrong"] + 2,
        )  # fmt: skip
        yield Figure(
            f"turns decided right, {told}", "%", 100 * stock["turns_right"],
            100 * ours["turns_right"], 100 * stock["turns_right"] - 5, more=True,
        )  # fmt: skip
