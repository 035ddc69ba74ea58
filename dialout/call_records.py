"""``dialout calls``: what became of the calls."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dialout import access
from dialout.access import AsJson, Url
from dialout.call_options import AgentName
from dialout.parameters import Env

if TYPE_CHECKING:
    from dialout.record import CallRecord, Page, Turn

app = typer.Typer(invoke_without_command=True, help="What became of the calls.")
CallId = Annotated[str, typer.Argument(metavar="CALL_ID")]
Status = Annotated[
    Literal["open", "queued", "dialing", "ringing", "in_progress", "ended"] | None,
    typer.Option(help="Only these; open: all that have not ended."),
]
Limit = Annotated[int, typer.Option(min=1, max=100, help="So many.")]
Cursor = Annotated[str | None, typer.Option(metavar="CURSOR", help="Those after a page.")]
Since = Annotated[
    datetime | None, typer.Option(metavar="TIME", help="Only later ones: 2026-11-25, UTC.")
]


@app.callback()
def calls(context: typer.Context) -> None:
    """What became of the calls; by itself: the latest twenty."""
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_(
    status: Status = None,
    agent: AgentName = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="CAMPAIGN_ID", help="Of this campaign alone.")
    ] = None,
    since: Since = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """The calls, newest first.

    Example:
      dialout calls list --agent reminder --since 2026-11-25 --json
    """
    from datetime import UTC

    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    with access.client(env, url) as api:
        page = api.list(
            status=status, agent=agent, campaign=campaign, since=since, limit=limit, cursor=cursor
        )
    typer.echo(page.model_dump_json()) if as_json else _table(page)


@app.command()
def show(call_id: CallId, url: Url = None, env: Env = None, as_json: AsJson = False) -> None:
    """One call: what happened, what was said, and what came of it.

    Example:
      dialout calls show 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        record = api.get(call_id)
    typer.echo(record.model_dump_json()) if as_json else _show(record)


@app.command()
def cancel(call_id: CallId, url: Url = None, env: Env = None, as_json: AsJson = False) -> None:
    """Take it from the queue, stop the ringing, or hang up.

    Example:
      dialout calls cancel 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        record = api.hang_up(call_id)
    typer.echo(record.model_dump_json() if as_json else f"Call {call_id} is being ended.")


app.command("hang-up", hidden=True)(cancel)


@app.command()
def recording(
    call_id: CallId,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="By default CALL_ID.wav."),
    ] = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the recording: the callee on the left, the agent on the right.

    Example:
      dialout calls recording 01KAHZ3S7M8C4V0W2TRYQ5N6PX -o call.wav
    """
    path = output or Path(f"{Path(call_id).name}.wav")
    with access.client(env, url) as api:
        audio = api.recording(call_id)
    path.write_bytes(audio)
    typer.echo(json.dumps({"path": str(path), "bytes": len(audio)}) if as_json else path)


def _table(page: "Page") -> None:
    from dialout import table

    rows = [
        (
            call.call_id,
            f"{call.created_at:%m-%d %H:%M}",
            call.to_number,
            call.agent,
            call.end_reason or call.status,
            call.disposition,
            call.duration_seconds,
        )
        for call in page.calls
    ]
    columns = ("CALL", "AT (UTC)", "TO", "AGENT", "STATUS", "CAME TO", "SECONDS")
    table.show(columns, rows, empty="No calls.")
    table.more(page.cursor)


def _show(record: "CallRecord") -> None:
    from dialout.watching import happened, said, summary

    typer.echo(f"{record.call_id}  {record.to_number}  agent {record.agent}")
    for entry in record.timeline:
        typer.echo(f"{entry.at:%H:%M:%S}  {happened(entry)}")
    for turn in record.transcript or []:
        typer.echo(f"{said(turn)}{_waited(turn)}")
    typer.echo(summary(record) if record.ended else f"Now: {record.status}")
    for name, value in _findings(record):
        typer.echo(f"{name + ':':<13}{value}")


def _waited(turn: "Turn") -> str:
    if turn.latency_ms is None:
        return ""
    parts = turn.latency
    of = (
        f": turn {parts.turn_ms}, token {parts.token_ms}, voice {parts.voice_ms}, "
        f"sound {parts.sound_ms}"
        if parts
        else ""
    )
    return f"  ({turn.latency_ms} ms{of})"


def _findings(record: "CallRecord") -> list[tuple[str, object]]:
    """What is known of it beyond what happened."""
    found: list[tuple[str, object]] = []
    if record.answered_by:
        found.append(("Answered by", record.answered_by))
    if record.disposition:
        found.append(("Disposition", record.disposition))
    if record.summary:
        found.append(("Summary", record.summary))
    if record.outcome:
        found += [
            ("Outcome", f"{name} = {value if isinstance(value, str) else json.dumps(value)}")
            for name, value in record.outcome.items()
        ]
    if record.answer_to_first_audio_ms is not None:
        found.append(("First audio", f"{record.answer_to_first_audio_ms} ms after the answer"))
    if record.latency:
        took = f"p50 {record.latency.p50_ms} ms, p95 {record.latency.p95_ms} ms"
        found.append(("Latency", f"{took} of {record.latency.turns} turns"))
    if record.recording:
        found.append(("Recording", record.recording.status))
    return found
