"""A number of media tasks that must stand ready from a time of the week on."""

import json
import re
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

_EXPRESSION = re.compile(r"(cron|at|rate)\(.+\)")


@dataclass(frozen=True)
class ScheduledMinimum:
    """From ``schedule`` on, until another says otherwise, at least ``tasks`` run.

    Attributes:
        schedule: ``cron(50 7 ? * MON-FRI *)``, as AWS writes it.
        tasks: the minimum.
        time_zone: that the schedule is read in, ``Europe/Berlin``.
    """

    schedule: str
    tasks: int
    time_zone: str = "UTC"

    @classmethod
    def listed(cls, given: Any) -> tuple[Self, ...]:
        """Read ``[{"schedule": …, "tasks": …, "time_zone"?: …}]``, or the JSON text of it.

        Raises:
            ValueError: it is not that; the message says what is wrong.
        """
        found = json.loads(given) if isinstance(given, str) else given
        if not isinstance(found, list):
            raise ValueError("it is a list of {schedule, tasks, time_zone}")
        return tuple(cls._of(each) for each in found)

    @classmethod
    def _of(cls, given: Any) -> Self:
        if not isinstance(given, dict) or set(given) - {"schedule", "tasks", "time_zone"}:
            raise ValueError(f"{given!r} is not {{schedule, tasks, time_zone}}")
        schedule, zone = str(given.get("schedule")), str(given.get("time_zone", "UTC"))
        if not _EXPRESSION.fullmatch(schedule):
            raise ValueError(f"schedule {schedule!r} is not such as cron(50 7 ? * MON-FRI *)")
        tasks = str(given.get("tasks"))
        if not tasks.isdecimal() or int(tasks) < 1:
            raise ValueError(f"tasks {tasks!r} is not a whole number from 1 on")
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError):
            raise ValueError(f"time_zone {zone!r} is not known") from None
        return cls(schedule, int(tasks), zone)
