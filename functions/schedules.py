"""``/schedules``: calls that are made at a time, once or again and again."""

from datetime import date, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from pydantic import BaseModel

from calls.call import now
from calls.dial_request import Number
from calls.phone_number import masked
from calls.schedule import (
    SCHEDULE_ID,
    Schedule,
    ScheduleChange,
    ScheduleRequest,
    State,
    TimedRequest,
)
from functions import http_api, wiring
from functions.log import logger

app = http_api.resolver()

ScheduleId = Annotated[str, Path(pattern=SCHEDULE_ID)]


class ScheduleView(BaseModel):
    """A schedule as the API shows it."""

    schedule_id: str
    name: str | None
    state: State
    at: str | None
    cron: str | None
    """In EventBridge's six fields, also if it was given in crontab's five."""
    rate: str | None
    time_zone: str | None
    start: date | None
    end: date | None
    next_at: datetime | None
    """When it makes its next call; null: it makes none, as it stands."""
    request: TimedRequest
    created_at: datetime
    updated_at: datetime
    api_key: str
    last_call_id: str | None
    """`GET /calls/{call_id}` tells what became of its last call."""


class Schedules(BaseModel):
    """Some schedules, newest first."""

    schedules: list[ScheduleView]
    cursor: str | None
    """Ask with it for the schedules before these; null when there are none."""


@app.post("/schedules", status_code=201)
def create(
    asked: Annotated[ScheduleRequest, Body()],
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
    ] = None,
) -> Response[ScheduleView]:
    """Phone somebody at a time. The dial rules hold when the call is due, not now; and if it cannot
    be made within five minutes then, nobody is phoned, and the call's record says why."""
    api_key = app.context["api_key"]
    made = wiring.scheduler().create(asked, api_key=api_key, idempotency_key=idempotency_key)
    schedule = made.schedule
    logger.info(
        "Schedule replayed" if made.replayed else "Schedule made",
        schedule_id=schedule.schedule_id,
        to_number=masked(schedule.request.to_number),
        api_key=api_key,
    )
    headers = {"Location": f"/schedules/{schedule.schedule_id}"}
    if made.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(201, "application/json", _view(schedule), headers=headers)


@app.get("/schedules")
def many(
    to_number: Annotated[Number | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(pattern=SCHEDULE_ID)] = None,
) -> Schedules:
    """The schedules, newest first; those that are over for 90 days more."""
    found, more = wiring.scheduler().page(limit=limit, before=cursor, to_number=to_number)
    return Schedules(schedules=[_view(each) for each in found], cursor=more)


@app.get("/schedules/<schedule_id>")
def one(schedule_id: ScheduleId) -> ScheduleView:
    """The schedule as it stands."""
    return _view(wiring.scheduler().get(schedule_id))


@app.patch("/schedules/<schedule_id>")
def change(schedule_id: ScheduleId, given: Annotated[ScheduleChange, Body()]) -> ScheduleView:
    """Pause it, let it go on, or give it another time or another call. What is not given stays."""
    schedule = wiring.scheduler().change(schedule_id, given)
    logger.info(
        "Schedule changed",
        schedule_id=schedule_id,
        fields=sorted(given.model_fields_set),
        api_key=app.context["api_key"],
    )
    return _view(schedule)


@app.delete("/schedules/<schedule_id>")
def cancel(schedule_id: ScheduleId) -> ScheduleView:
    """Cancel it: it makes no call any more. One that is over already stays as it is."""
    schedule = wiring.scheduler().cancel(schedule_id)
    logger.info("Schedule cancelled", schedule_id=schedule_id, api_key=app.context["api_key"])
    return _view(schedule)


def _view(schedule: Schedule) -> ScheduleView:
    return ScheduleView(
        **schedule.model_dump(exclude={"when", "request", "timer", "timer_since"}),
        **schedule.when.model_dump(),
        request=schedule.request,
        next_at=schedule.next_at(now()),
    )


handler = http_api.guarded(app)
