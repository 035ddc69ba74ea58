"""``dialout schedule``: calls at a time, once or again and again."""

from typing import TYPE_CHECKING, Annotated

import typer

from dialout import access
from dialout.access import AsJson, Url
from dialout.call_options import (
    AgentName,
    ConsentText,
    FromNumber,
    IdempotencyKey,
    Metadata,
    Seconds,
    Variables,
    WebhookUrl,
    consent,
    pairs,
)
from dialout.changes import given
from dialout.parameters import Env

if TYPE_CHECKING:
    from dialout.schedule import Schedule

app = typer.Typer(no_args_is_help=True, help="Calls at a time, once or again and again.")
ScheduleId = Annotated[str, typer.Argument(metavar="SCHEDULE_ID")]
At = Annotated[str | None, typer.Option(metavar="TIME", help="Once: 2026-11-25T07:30.")]
Cron = Annotated[
    str | None,
    typer.Option(metavar="CRON", help="Again and again: crontab's fields, or EventBridge's."),
]
Rate = Annotated[str | None, typer.Option(metavar="RATE", help="Again and again: `2 hours`.")]


@app.command()
def add(
    to_number: Annotated[str, typer.Argument(metavar="NUMBER", help="Whom to phone, in E.164.")],
    at: At = None,
    cron: Cron = None,
    rate: Rate = None,
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of these times: Europe/Berlin. Else the callee's."),
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="The first day.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DAY", help="The last day.")] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Yours, to know it again.")
    ] = None,
    agent: AgentName = None,
    from_number: FromNumber = None,
    var: Variables = None,
    callee_time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Where the callee is; by default where the number is."),
    ] = None,
    consent_text: ConsentText = None,
    metadata: Metadata = None,
    webhook_url: WebhookUrl = None,
    max_call_seconds: Seconds = None,
    idempotency_key: IdempotencyKey = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Phone somebody at a time. The dial rules hold when the call is due.

    Examples:
      dialout schedule add +15550100001 --at 2026-11-25T07:30Z --agent wake_up
      dialout schedule add +15550100001 --cron "30 7 * * MON-FRI" --time-zone Europe/Berlin
    """
    from dialout.call_request import CallRequest

    if sum(each is not None for each in (at, cron, rate)) != 1:
        raise typer.BadParameter("when? Give one of --at, --cron and --rate")
    request = CallRequest(
        to_number=to_number,
        agent=agent,
        from_number=from_number,
        variables=dict(pairs(var, "--var")) or None,
        time_zone=callee_time_zone,
        consent=consent(consent_text),
        metadata=pairs(metadata, "--metadata") or None,
        webhook_url=webhook_url,
        max_call_seconds=max_call_seconds,
    )
    with access.client(env, url) as api:
        schedule = api.schedules.add(
            request,
            at=at,
            cron=cron,
            rate=rate,
            time_zone=time_zone,
            start=start,
            end=end,
            name=name,
            idempotency_key=idempotency_key,
        )
    _tell(schedule, as_json=as_json)


@app.command("list")
def list_(
    to_number: Annotated[
        str | None, typer.Option("--to", metavar="NUMBER", help="Only those that phone it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Those after a page.")
    ] = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """The schedules, newest first.

    Example:
      dialout schedule list --to +15550100001
    """
    from dialout import table

    with access.client(env, url) as api:
        page = api.schedules.list(to_number=to_number, limit=limit, cursor=cursor)
    if as_json:
        typer.echo(page.model_dump_json())
        return
    rows = [
        (
            each.schedule_id,
            each.name,
            each.state,
            _when(each),
            each.time_zone,
            f"{each.next_at:%Y-%m-%d %H:%M}" if each.next_at else None,
            each.request.to_number,
            each.request.agent,
        )
        for each in page.schedules
    ]
    columns = ("SCHEDULE", "NAME", "STATE", "WHEN", "ZONE", "NEXT (UTC)", "TO", "AGENT")
    table.show(columns, rows, empty="No schedules.")
    table.more(page.cursor)


@app.command()
def show(
    schedule_id: ScheduleId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """One schedule, with its next call and its last.

    Example:
      dialout schedule show 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        schedule = api.schedules.get(schedule_id)
    _tell(schedule, as_json=as_json)


@app.command()
def change(
    schedule_id: ScheduleId,
    at: At = None,
    cron: Cron = None,
    rate: Rate = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of these times: Europe/Berlin.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="DAY", help="The first day; none: at once.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="DAY", help="The last day; none: for ever.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Yours, to know it again; none: without.")
    ] = None,
    to_number: Annotated[
        str | None, typer.Option("--to", metavar="NUMBER", help="Whom to phone.")
    ] = None,
    agent: AgentName = None,
    from_number: FromNumber = None,
    var: Variables = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Give it another time or another call. What is not given stays.

    Examples:
      dialout schedule change 01KAHZ3S7M8C4V0W2TRYQ5N6PX --cron "0 8 * * MON-FRI" --end 2026-12-24
      dialout schedule change 01KAHZ3S7M8C4V0W2TRYQ5N6PX --agent wake_up --end none
    """
    days = {"name": name, "start": start, "end": end}
    times = {"at": at, "cron": cron, "rate": rate, "time_zone": time_zone}
    changes = given({**days, **times}, may_go=days)
    call = given({"to_number": to_number, "agent": agent, "from_number": from_number})
    variables = pairs(var, "--var")
    if sum(each is not None for each in (at, cron, rate)) > 1:
        raise typer.BadParameter("when? Give one of --at, --cron and --rate")
    if not changes and not call and not variables:
        raise typer.BadParameter("say what is to be changed: --at, --end, --agent…")
    with access.client(env, url) as api:
        if call or variables:
            # The API takes a call as a whole.
            standing = api.schedules.get(schedule_id).request
            call["variables"] = {**(standing.variables or {}), **variables} or None
            changes["request"] = standing.model_copy(update=call)
        schedule = api.schedules.change(schedule_id, **changes)
    _tell(schedule, as_json=as_json)


@app.command()
def pause(
    schedule_id: ScheduleId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Make no calls until it is resumed.

    Example:
      dialout schedule pause 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        schedule = api.schedules.pause(schedule_id)
    _tell(schedule, as_json=as_json)


@app.command()
def resume(
    schedule_id: ScheduleId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Make calls again, from now on.

    Example:
      dialout schedule resume 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        schedule = api.schedules.resume(schedule_id)
    _tell(schedule, as_json=as_json)


@app.command()
def cancel(
    schedule_id: ScheduleId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Make no call any more. A call that goes on already goes on.

    Example:
      dialout schedule cancel 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        schedule = api.schedules.cancel(schedule_id)
    _tell(schedule, as_json=as_json)


def _when(schedule: "Schedule") -> str:
    if schedule.at:
        return f"at {schedule.at}"
    return f"cron {schedule.cron}" if schedule.cron else f"every {schedule.rate}"


def _tell(schedule: "Schedule", *, as_json: bool) -> None:
    if as_json:
        typer.echo(schedule.model_dump_json())
        return
    named = f" ({schedule.name})" if schedule.name else ""
    typer.echo(f"{schedule.schedule_id}{named}: {schedule.state}")
    days = "".join(
        f" {word} {day}" for word, day in (("from", schedule.start), ("until", schedule.end)) if day
    )
    typer.echo(f"{_when(schedule)}{days}, {schedule.time_zone or 'UTC'}")
    by = schedule.request.agent or "the usual agent"
    typer.echo(f"phones {schedule.request.to_number}, {by}")
    if schedule.next_at:
        typer.echo(f"next {schedule.next_at:%Y-%m-%d %H:%M} UTC")
    if schedule.last_call_id:
        typer.echo(f"last call: dialout calls show {schedule.last_call_id}")
