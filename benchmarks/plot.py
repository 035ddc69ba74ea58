"""How latency, gaps and cost grow with concurrent calls, as a PNG."""

from typing import Any

import vl_convert

LIMIT = {"gaps": 1.0}
_BOTS = {"stock": "stock bot", "dialout": "Dialout"}
_PANELS = (
    ("turn", "answer after the callee's last sound, p95 (ms)"),
    ("gaps", "silence for want of sound (% of the voice)"),
    ("cpu", "CPU-seconds a call-second"),
)


def plot(crowds: list[dict[str, Any]]) -> bytes:
    """A PNG of three panels over calls on one core.

    Args:
        crowds: as ``benchmarks.capacity`` prints them, of either bot, with and without filter.
    """
    values = [
        {
            "calls": each["calls"],
            "bot": _BOTS[each["bot"]] + (" with noise filter" if each["noise_filter"] else ""),
            "turn": each["turn_p95_ms"], "gaps": 100 * each["gaps"], "cpu": each["cpu"],
        }
        for each in crowds
    ]  # fmt: skip
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": values},
        "background": "white",
        "hconcat": [_panel(*panel) for panel in _PANELS],
        "config": {"font": "sans-serif", "legend": {"orient": "bottom", "columns": 4}},
    }
    return vl_convert.vegalite_to_png(spec, scale=1.0)


def _panel(field: str, title: str) -> dict[str, Any]:
    axis = {"title": title, "titleFontWeight": "normal"}
    line = {
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "calls", "type": "quantitative", "title": "calls on one core"},
            "y": {"field": field, "type": "quantitative", "axis": axis},
            "color": {"field": "bot", "type": "nominal", "title": None},
        },
    }
    layers: list[dict[str, Any]] = [line]
    if field in LIMIT:
        layers.append(
            {
                "data": {"values": [{"limit": LIMIT[field]}]},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": "gray"},
                "encoding": {"y": {"field": "limit", "type": "quantitative"}},
            }
        )
    return {"width": 300, "height": 260, "layer": layers}
