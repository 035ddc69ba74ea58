"""What the product logs in a rehearsal, as an operator reads it. Pure: texts in, lines out."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_LOUD = ("warning", "error", "critical")


@dataclass(frozen=True)
class LogLine:
    """One line of a function or of the media service: a static sentence, and what varies."""

    part: str
    """Which one: ``dialout``, ``twiml``, … or ``media``."""
    at: datetime
    level: str
    sentence: str
    fields: dict[str, Any]

    @property
    def loud(self) -> bool:
        """Whether somebody should look."""
        return self.level in _LOUD


@dataclass(frozen=True)
class Noted:
    """A sentence that an operator finds, and how often."""

    part: str
    level: str
    sentence: str
    count: int
    alarms: tuple[str, ...]
    """Those that it feeds; each has a threshold of its own."""


def of_functions(text: str) -> Iterator[LogLine]:
    """The lines of ``function_log``: ``<time> <function> <JSON>``. Lambda's own are left out."""
    for line in text.splitlines():
        _, _, rest = line.partition(" ")
        function, _, entry = rest.partition(" ")
        yield from _line(function.removeprefix("dialout-rehearsal-"), entry, "timestamp")


def of_media(text: str) -> Iterator[LogLine]:
    """The lines of the media service's own log."""
    for line in text.splitlines():
        yield from _line("media", line, "at")


def _line(part: str, entry: str, time_field: str) -> Iterator[LogLine]:
    if not entry.startswith("{"):
        return
    try:
        fields = json.loads(entry)
        at = datetime.fromisoformat(fields[time_field].replace(",", "."))
        yield LogLine(part, at, fields["level"].lower(), fields["message"], fields)
    except (ValueError, KeyError):
        return  # another program's


class Alarms:
    """The alarms of a template, and the lines that feed them."""

    def __init__(self, template: dict[str, Any]) -> None:
        resources = [
            (each["Type"], each.get("Properties", {})) for each in template["Resources"].values()
        ]
        self._filters = [
            (properties["FilterPattern"], properties["MetricTransformations"][0]["MetricName"])
            for kind, properties in resources
            if kind == "AWS::Logs::MetricFilter"
        ]
        self._alarms: dict[str, list[str]] = {}
        for kind, properties in resources:
            if kind == "AWS::CloudWatch::Alarm" and "MetricName" in properties:
                named = self._alarms.setdefault(properties["MetricName"], [])
                named.append(str(properties["AlarmName"]))

    def fed_by(self, line: LogLine) -> tuple[str, ...]:
        """The names of the alarms whose metric counts this line, by a filter or by itself."""
        told = line.fields.get("_aws", {}).get("CloudWatchMetrics", [])
        metrics = {metric["Name"] for each in told for metric in each["Metrics"]}
        metrics |= {metric for pattern, metric in self._filters if _matches(pattern, line.fields)}
        return tuple(sorted({name for each in metrics for name in self._alarms.get(each, [])}))


def _matches(pattern: str, fields: dict[str, Any]) -> bool:
    """Whether a line with these fields fits ``{ $.field = "words" }``, the one form in use."""
    field, _, words = pattern.strip("{} ").partition(" = ")
    return fields.get(field.removeprefix("$.")) == words.strip('"')


def noted(lines: Iterable[LogLine], alarms: Alarms, since: datetime) -> list[Noted]:
    """What was said loudly since then, or feeds an alarm: each sentence once, most often first."""
    found = Counter(
        (line.part, line.level, line.sentence, alarms.fed_by(line))
        for line in lines
        if line.at >= since and (line.loud or alarms.fed_by(line))
    )
    return [
        Noted(part, level, sentence, count, fed)
        for (part, level, sentence, fed), count in found.most_common()
    ]
