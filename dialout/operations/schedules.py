"""Timed calls."""

from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

from dialout.call_request import CallRequest
from dialout.exchange import Sent, new_key
from dialout.operation import Group, S, operation
from dialout.schedule import Schedule, SchedulePage


class Keep(Enum):
    """Says that something stays as it is: None says that there is to be none."""

    KEEP = "keep"


KEEP = Keep.KEEP


class Schedules(Group[S]):
    """``client.schedules``."""

    @operation("POST", "/schedules", Schedule)
    def add(
        self,
        request: CallRequest,
        *,
        at: str | datetime | None = None,
        cron: str | None = None,
        rate: str | None = None,
        time_zone: str | None = None,
        start: str | date | None = None,
        end: str | date | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> Sent:
        """Make this call at a time. The dial rules hold when it is due.

        Args:
            at: once, such as ``2026-11-25T07:30``. One of ``at``, ``cron`` and ``rate`` is wanted.
            cron: again and again: crontab's five fields, or EventBridge's six.
            rate: again and again, such as ``2 hours``.
            time_zone: of ``at`` and ``cron``, such as ``Europe/Berlin``; by default the callee's.
            start: its first day, such as ``2026-11-25``.
            end: its last day.
            name: yours, to know it again.
            idempotency_key: see ``Client.call``.
        """
        body: dict[str, Any] = {
            "at": at.isoformat() if isinstance(at, datetime) else at,
            "cron": cron,
            "rate": rate,
            "time_zone": time_zone,
            "start": start,
            "end": end,
            "name": name,
        }
        given = {name: value for name, value in body.items() if value is not None}
        given["request"] = request.model_dump(mode="json", exclude_defaults=True)
        return Sent(body=given, idempotent=idempotency_key or new_key())

    @operation("GET", "/schedules/{schedule_id}", Schedule)
    def get(self, schedule_id: str) -> Sent:
        """The schedule as it stands."""
        return Sent(path={"schedule_id": schedule_id})

    @operation("GET", "/schedules", SchedulePage)
    def list(
        self, *, to_number: str | None = None, limit: int = 20, cursor: str | None = None
    ) -> Sent:
        """Schedules, newest first; ``limit`` up to 100."""
        return Sent(query={"to_number": to_number, "limit": limit, "cursor": cursor})

    @operation("PATCH", "/schedules/{schedule_id}", Schedule)
    def change(
        self,
        schedule_id: str,
        *,
        state: Literal["active", "paused"] | Keep = KEEP,
        name: str | Keep | None = KEEP,
        at: str | datetime | Keep = KEEP,
        cron: str | Keep = KEEP,
        rate: str | Keep = KEEP,
        time_zone: str | Keep | None = KEEP,
        start: str | date | Keep | None = KEEP,
        end: str | date | Keep | None = KEEP,
        request: CallRequest | Keep = KEEP,
    ) -> Sent:
        """Give it another time or another call. What is not given stays; None takes away."""
        changes = {
            "state": state,
            "name": name,
            "at": at.isoformat() if isinstance(at, datetime) else at,
            "cron": cron,
            "rate": rate,
            "time_zone": time_zone,
            "start": start,
            "end": end,
            "request": request
            if isinstance(request, Keep)
            else request.model_dump(mode="json", exclude_defaults=True),
        }
        given = {field: value for field, value in changes.items() if value is not KEEP}
        return Sent(path={"schedule_id": schedule_id}, body=given)

    @operation("PATCH", "/schedules/{schedule_id}", Schedule)
    def pause(self, schedule_id: str) -> Sent:
        """Make no calls until it is resumed."""
        return Sent(path={"schedule_id": schedule_id}, body={"state": "paused"})

    @operation("PATCH", "/schedules/{schedule_id}", Schedule)
    def resume(self, schedule_id: str) -> Sent:
        """Make calls again, from now on."""
        return Sent(path={"schedule_id": schedule_id}, body={"state": "active"})

    @operation("DELETE", "/schedules/{schedule_id}", Schedule)
    def cancel(self, schedule_id: str) -> Sent:
        """Make no call any more. One that is over already stays as it is."""
        return Sent(path={"schedule_id": schedule_id})
