"""``dialout call``: phone somebody, and read along."""

import os
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
from dialout.parameters import Env
from dialout.refusal import ExitCode

if TYPE_CHECKING:
    from dialout.call_request import CallOptions
    from dialout.client import Client
    from dialout.record import Explanation, PlacedCall


def call(
    to_number: Annotated[
        str | None,
        typer.Argument(
            metavar="NUMBER",
            help="Whom to phone, in E.164: +15550100001. By default TO_NUMBER from FROM_NUMBER, "
            "of the environment or .env.",
            show_default=False,
        ),
    ] = None,
    agent: AgentName = None,
    from_number: FromNumber = None,
    var: Variables = None,
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Where the callee is; by default where the number is."),
    ] = None,
    consent_text: ConsentText = None,
    metadata: Metadata = None,
    webhook_url: WebhookUrl = None,
    max_call_seconds: Seconds = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Without a free seat, wait for up to 15 minutes.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Phone nobody: say what the dial rules say.")
    ] = False,
    idempotency_key: IdempotencyKey = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow/--no-follow", "--watch/--no-watch", help="Read along until the call ends."
        ),
    ] = True,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Phone somebody. The agent talks with whoever answers.

    A dry run exits with 0 if the call would be dialled, and with 1 if a rule forbids it.

    Examples:
      dialout call +15550100001 --agent reminder --var customer_name=Sarah
      dialout call +15550100001 --no-follow --wait --idempotency-key order-7
      dialout call +15550100001 --dry-run
    """
    if to_number is None:
        to_number, from_number = _article(from_number)
    options: CallOptions = {
        "agent": agent,
        "from_number": from_number,
        "variables": pairs(var, "--var") or None,
        "time_zone": time_zone,
        "consent": consent(consent_text),
        "metadata": pairs(metadata, "--metadata") or None,
        "webhook_url": webhook_url,
        "max_call_seconds": max_call_seconds,
    }
    with access.client(env, url) as api:
        if dry_run:
            told = api.dry_run(to_number, **options)
            typer.echo(told.model_dump_json()) if as_json else _explain(told)
            raise typer.Exit(0 if told.would_dial else ExitCode.REFUSED)
        placed = api.call(to_number, wait=wait, idempotency_key=idempotency_key, **options)
        if follow:
            _follow(api, placed, as_json=as_json)
        else:
            typer.echo(placed.model_dump_json() if as_json else placed.call_id)


def _article(from_number: str | None) -> tuple[str, str | None]:
    """Who is phoned if nobody is named, from which number: as whoever set them up meant it."""
    from dotenv import dotenv_values

    known = {**dotenv_values(".env"), **os.environ}
    to_number = known.get("TO_NUMBER")
    if not to_number:
        raise typer.BadParameter("whom? Give a NUMBER, or put TO_NUMBER into .env")
    return to_number, from_number or known.get("FROM_NUMBER") or None


def _follow(api: "Client", placed: "PlacedCall", *, as_json: bool) -> None:
    from dialout.watching import Watching

    typer.echo(f"Call {placed.call_id}{', waiting' if placed.waits else ''}", err=True)
    watching = Watching(api, lambda line: typer.echo(line, err=as_json))
    try:
        record = watching.until_end(placed.call_id)
    except KeyboardInterrupt:
        typer.echo(
            f"\nThe call goes on without you. To end it: dialout calls cancel {placed.call_id}",
            err=True,
        )
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if as_json:
        typer.echo(record.model_dump_json())


def _explain(told: "Explanation") -> None:
    from dialout import table

    zones = ", ".join(told.time_zones) or "an unknown zone"
    typer.echo(f"{told.to_number} from {told.from_number}, agent {told.agent}")
    typer.echo(f"Calling window {told.calling_window} in {zones}")
    typer.echo(f"At most {told.max_call_seconds} s; free seats: {told.free_seats}")
    if told.greeting:
        typer.echo(f"Greeting: {told.greeting}")
    typer.echo()
    rows = [
        (
            rule.rule,
            "allows" if rule.allows else "forbids",
            rule.detail,
            f"{rule.allowed_at:%Y-%m-%d %H:%M} UTC" if rule.allowed_at else None,
        )
        for rule in told.rules
    ]
    table.show(("RULE", "SAYS", "WHY", "ALLOWED AT"), rows, empty="No rules.")
    typer.echo("\nIt would be dialled." if told.would_dial else "\nIt would not be dialled.")
