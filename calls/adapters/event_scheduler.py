"""What fires schedules: EventBridge Scheduler, with a message on the timed queue.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from calls.adapters import aws
from calls.call import now
from calls.schedule import PATIENCE, Schedule
from calls.settings import Settings

_INPUT = {
    "execution_id": "<aws.scheduler.execution-id>",
    "due_at": "<aws.scheduler.scheduled-time>",
}


@dataclass(frozen=True)
class Target:
    """Where firings go, and as whom: ARNs, but for the name of the group."""

    group: str
    role: str
    queue: str
    dead_letters: str
    """For firings that did not reach the queue in time."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the stack has told."""
        return cls(
            settings.schedule_group,
            settings.schedule_role_arn,
            settings.timed_queue_arn,
            settings.schedule_dead_letters_arn,
        )


class EventScheduler:
    """``calls.ports.Timer`` on EventBridge Scheduler: a timer is named ``<schedule>-<number>``."""

    def __init__(
        self, target: Target, client: Any = None, clock: Callable[[], datetime] = now
    ) -> None:
        """A group that exists."""
        self._target = target
        self._client = client
        self._clock = clock

    def put(self, schedule: Schedule) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        timer = self._timer(schedule)
        # A put that comes again is the same to EventBridge; a second return is not the first.
        told = json.dumps([timer, schedule.updated_at], default=str)
        token = hashlib.sha256(told.encode()).hexdigest()
        try:
            self._scheduler.create_schedule(**timer, ClientToken=token)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
            self._scheduler.update_schedule(**timer, ClientToken=token)

    def delete(self, schedule_id: str, timer: int) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        try:
            self._scheduler.delete_schedule(
                GroupName=self._target.group, Name=_name(schedule_id, timer)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    @property
    def _scheduler(self) -> Any:
        if self._client is None:
            self._client = aws.client("scheduler")
        return self._client

    def _timer(self, schedule: Schedule) -> dict[str, Any]:
        when = schedule.when
        timer: dict[str, Any] = {
            "Name": _name(schedule.schedule_id, schedule.timer),
            "GroupName": self._target.group,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            # When it has fired for the last time, it goes.
            "ActionAfterCompletion": "DELETE",
            "ScheduleExpressionTimezone": when.time_zone or "UTC",
            "Target": {
                "Arn": self._target.queue,
                "RoleArn": self._target.role,
                "Input": json.dumps(
                    {"schedule_id": schedule.schedule_id, "timer": schedule.timer, **_INPUT}
                ),
                # By itself it would go on for a day.
                "RetryPolicy": {"MaximumEventAgeInSeconds": int(PATIENCE.total_seconds())},
                "DeadLetterConfig": {"Arn": self._target.dead_letters},
            },
        }
        if when.once is not None:
            # Which moment a time of a place is, we have decided already.
            timer["ScheduleExpression"] = f"at({when.once:%Y-%m-%dT%H:%M:%S})"
            return timer | {"ScheduleExpressionTimezone": "UTC"}
        following = when.after(self._clock(), schedule.created_at)
        if when.rate is not None:
            timer["ScheduleExpression"] = f"rate({when.rate})"
            # Without it, it would fire at once, and count from there.
            timer["StartDate"] = following
        else:
            timer["ScheduleExpression"] = f"cron({when.cron})"
            if when.begins is not None and when.begins > self._clock():
                # One that is past is refused.
                timer["StartDate"] = when.begins
        if when.ends is not None:
            timer["EndDate"] = when.ends
        return timer


def _name(schedule_id: str, timer: int) -> str:
    return f"{schedule_id}-{timer}"


def named(arn: str) -> tuple[str, str]:
    """The id of the schedule, and the number of its timer, that this ARN of EventBridge's tells."""
    schedule_id, _, timer = arn.rpartition("/")[2].rpartition("-")
    return schedule_id, timer
