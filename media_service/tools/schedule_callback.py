"""``schedule_callback``: call this callee, and nobody else, at a time that they ask for."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from calls import calling_window
from calls.calling_window import CallingWindow, CallingWindowError
from calls.dial_request import DialRequest
from calls.refused import DialRefusedError, ScheduleRefusedError
from calls.schedule import ScheduleRequest
from calls.scheduling import Scheduler
from calls.tool_use import ToolUse
from media_service.tools.controls import Controls
from media_service.tools.tool import Result, Tool, failed

NAME = "schedule_callback"
MOST_DAYS = 90
_FORM = "%Y-%m-%dT%H:%M"


def schedule_callback(controls: Controls, scheduler: Scheduler) -> Tool | None:
    """For an agent with ``tools.schedule_callback``; None, if nobody knows the callee's number or
    their time."""
    call = controls.call
    if not call.person.startswith("+"):
        return None
    try:
        zones = calling_window.zones(call.person, call.time_zone)
    except CallingWindowError:
        return None
    window = CallingWindow.parse(scheduler.settings.calling_window)
    # Those of earlier legs: what is noted last stands.
    noted = [each.detail for each in call.timeline if each.event == "callback_scheduled"]
    made = [schedule_id for schedule_id in noted[-1:] if schedule_id]

    async def run(arguments: dict[str, Any], _: ToolUse) -> Result:
        zone = arguments["time_zone"] if len(zones) > 1 else zones[0]
        try:
            at = _moment(arguments["at"], zone)
        except ValueError:
            return failed("at: a local date and time are wanted, such as 2026-11-25T15:30")
        wrong = _wrong(at, scheduler.clock(), window, zone)
        if wrong:
            return failed(wrong)
        asked = _asked(controls, at, zone, arguments.get("note"))
        create = partial(
            scheduler.create,
            asked,
            api_key=call.api_key,
            # One a call and time: an answer that was lost makes no second one.
            idempotency_key=f"callback/{call.call_id}/{at:{_FORM}}",
        )
        try:
            schedule = (await asyncio.to_thread(create)).schedule
        except (ScheduleRefusedError, DialRefusedError) as error:
            return failed(str(error))
        # Another time takes the place of the one before.
        for earlier in set(made) - {schedule.schedule_id}:
            await asyncio.to_thread(scheduler.cancel, earlier)
        made[:] = [schedule.schedule_id]
        at_now = scheduler.clock()
        controls.change(lambda c: c.note("callback_scheduled", at_now, schedule.schedule_id))
        return Result({"status": "scheduled", "at": f"{at:{_FORM}}", "time_zone": zone})

    return Tool(NAME, _description(scheduler.clock(), zones), run, _parameters(zones))


def _description(now: datetime, zones: tuple[str, ...]) -> str:
    words = (
        "Have this person called back by you, at a time that they ask for. Nobody else can be "
        "called. Confirm the day and the time with them."
    )
    if len(zones) == 1:
        local = now.astimezone(ZoneInfo(zones[0]))
        return f"{words} Where they are, it was {local:%A, {_FORM}} as this call began."
    return (
        f"{words} Ask which time zone they are in. It was {now:{_FORM}} UTC, a {now:%A}, as this "
        "call began."
    )


def _parameters(zones: tuple[str, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "at": {
            "type": "string",
            "description": "Their own local date and time, such as 2026-11-25T15:30.",
        },
        "note": {
            "type": "string",
            "maxLength": 300,
            "description": "What the call is to be about, in a few words.",
        },
    }
    if len(zones) > 1:
        properties["time_zone"] = {"type": "string", "enum": list(zones)}
    required = [name for name in properties if name != "note"]
    return {"type": "object", "properties": properties, "required": required}


def _moment(text: str, zone: str) -> datetime:
    at = datetime.fromisoformat(text)
    place = ZoneInfo(zone)
    return at.replace(tzinfo=place) if at.tzinfo is None else at.astimezone(place)


def _wrong(at: datetime, now: datetime, window: CallingWindow, zone: str) -> str | None:
    if at <= now:
        return f"this has passed: it is {now.astimezone(ZoneInfo(zone)):{_FORM}} there"
    if at > now + timedelta(days=MOST_DAYS):
        return f"at most {MOST_DAYS} days ahead"
    if window.contains(at, ZoneInfo(zone)):
        return None
    allowed = window.next_open(at, (zone,))
    words = "nobody may be called at that hour"
    return f"{words}; from {allowed.astimezone(ZoneInfo(zone)):{_FORM}} on" if allowed else words


def _asked(controls: Controls, at: datetime, zone: str, note: str | None) -> ScheduleRequest:
    call = controls.call
    told = {"callback_note": note} if note else {}
    request: dict[str, Any] = {
        "to_number": call.person,
        "from_number": call.ours,
        "agent": call.agent,
        "variables": {**call.variables, **told},
        "time_zone": zone,
        "metadata": {**call.metadata, "callback_of": call.call_id},
        "max_call_seconds": call.max_call_seconds,
        "webhook_url": call.webhook_url,
        "consent": call.consent,
    }
    when: dict[str, Any] = {"name": "callback", "at": f"{at:{_FORM}}", "time_zone": zone}
    try:
        asked = DialRequest.model_validate(request)
    except ValidationError:
        # Full up with what whoever asked for this call gave: that comes first.
        kept = {"variables": call.variables, "metadata": call.metadata}
        asked = DialRequest.model_validate({**request, **kept})
    return ScheduleRequest.model_validate({**when, "request": asked.model_dump()})
