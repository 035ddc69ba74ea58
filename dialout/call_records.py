"""``dialout calls``: what became of the calls."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dialout.access import AsJson, Url, client, says_what_went_wrong
from dialout.parameters import Env

if TYPE_CHECKING:
    from dialout.record import CallRecord, Page

app = typer.Typer(invoke_without_command=True, help="What became of the calls.")
CallId = Annotated[str, typer.Argument(metavar="CALL_ID")]
Status = Annotated[str | None, typer.Option(help="queued, dialing, ringing, in_progress or ended.")]
Agent = Annotated[str | None, typer.Option(help="Of this agent alone.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="So many.")]


@app.callback()
def calls(context: typer.Context) -> None:
    """What became of the calls; by itself: the latest twenty."""
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
@says_what_went_wrong
def list_(
    status: Status = None,
    agent: Agent = None,
    limit: Limit = 20,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """The calls, newest first."""
    with client(env, url) as api:
        page = api.list(status=status, agent=agent, limit=limit)
    typer.echo(page.model_dump_json()) if as_json else _table(page)


@app.command()
@says_what_went_wrong
def show(call_id: CallId, url: Url = None, env: Env = None, as_json: AsJson = False) -> None:
    """One call, with what was said."""
    with client(env, url) as api:
        record = api.get(call_id)
    typer.echo(record.model_dump_json()) if as_json else _show(record)


@app.command("hang-up")
@says_what_went_wrong
def hang_up(call_id: CallId, url: Url = None, env: Env = None) -> None:
    """Stop the ringing, or hang up."""
    with client(env, url) as api:
        api.hang_up(call_id)
    typer.echo(f"Call {call_id} is being ended.")


@app.command()
@says_what_went_wrong
def recording(
    call_id: CallId,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="By default CALL_ID.wav.")
    ] = None,
    url: Url = None,
    env: Env = None,
) -> None:
    """Fetch the recording: the callee on the left, the agent on the right."""
    path = output or Path(f"{Path(call_id).name}.wav")
    with client(env, url) as api:
        audio = api.recording(call_id)
    try:
        path.write_bytes(audio)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}") from None
    typer.echo(path)


def _table(page: "Page") -> None:
    from rich.console import Console
    from rich.table import Table

    if not page.calls:
        typer.echo("No calls.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("CALL", "AT (UTC)", "TO", "AGENT", "STATUS", "SECONDS"):
        table.add_column(column, no_wrap=True)
    for call in page.calls:
        table.add_row(
            call.call_id,
            f"{call.created_at:%m-%d %H:%M}",
            call.to_number,
            call.agent,
            call.end_reason or call.status,
            str(call.duration_seconds or ""),
        )
    console = Console()
    # Into a pipe nothing may be cut off.
    console.print(table, width=None if console.is_terminal else 200, crop=False)


def _show(record: "CallRecord") -> None:
    from dialout.watching import said, summary, waited

    typer.echo(f"{record.call_id}  {record.to_number}  agent {record.agent}")
    for entry in record.timeline:
        typer.echo(f"{entry.at:%H:%M:%S}  {entry.event}")
    for turn in record.transcript or []:
        typer.echo(said(turn) + waited(turn))
    typer.echo(summary(record) if record.ended else f"Now: {record.status}")
    if record.disposition:
        typer.echo(f"Came to: {record.disposition}. {record.summary or ''}".rstrip())
    for name, value in (record.outcome or {}).items():
        typer.echo(f"  {name}: {json.dumps(value, ensure_ascii=False)}")
    if record.latency:
        known = record.latency
        typer.echo(f"Answers after {known.p50_ms} ms, 95 of 100 within {known.p95_ms} ms")
