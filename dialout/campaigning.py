"""``dialout campaign``: many calls to a list of people."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dialout import access, campaign_report
from dialout.access import AsJson, Url
from dialout.campaign_terms import CampaignId, change, create
from dialout.parameters import Env
from dialout.refusal import ExitCode

if TYPE_CHECKING:
    from dialout.campaign import Added
    from dialout.client import Client

app = typer.Typer(no_args_is_help=True, help="Many calls to a list of people.")
app.command()(create)
app.command()(change)


@app.command()
def add(
    campaign_id: CampaignId,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="CSV with the column to_number, or a JSON list; - is the input."
        ),
    ],
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Add contacts from a file of any length. Exits with 1 if a row was left out.

    Add the same file again after a failure: who is in the campaign already is left out.

    Example:
      dialout campaign add 01KAHZ3S7M8C4V0W2TRYQ5N6PX contacts.csv
    """
    from dialout.contact_file import ContactFileError, parts

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        found = list(parts(text))
    except UnicodeDecodeError:
        raise typer.BadParameter(
            f"{file}: it is not in UTF-8: save it as `CSV UTF-8`", param_hint="FILE"
        ) from None
    except ContactFileError as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from None
    count, bad = 0, list[dict[str, object]]()
    with access.client(env, url) as api:
        for part in found:
            added: Added = (
                api.campaigns.add(campaign_id, part.rows)
                if part.csv is None
                else api.campaigns.add_csv(campaign_id, part.csv)
            )
            count += added.added
            bad += [{"line": r.line + part.skipped, "reason": r.reason} for r in added.bad_rows]
    if as_json:
        typer.echo(json.dumps({"added": count, "bad_rows": bad}))
    else:
        for row in bad:
            typer.echo(f"{file}:{row['line']}: {row['reason']}", err=True)
        typer.echo(f"{count} added, {len(bad)} left out.")
    raise typer.Exit(ExitCode.REFUSED if bad else 0)


@app.command()
def preview(
    campaign_id: CampaignId,
    average_call_seconds: Annotated[
        int, typer.Option(min=1, max=14_400, help="So long a call lasts.")
    ] = 90,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """How many would be called, who is skipped and why, how long it takes and what it costs.

    Example:
      dialout campaign preview 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        told = api.campaigns.preview(campaign_id, average_call_seconds=average_call_seconds)
    typer.echo(told.model_dump_json()) if as_json else campaign_report.foretell(told)


@app.command()
def start(
    campaign_id: CampaignId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Begin to phone.

    Example:
      dialout campaign start 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        campaign = api.campaigns.start(campaign_id)
    campaign_report.tell(campaign, as_json=as_json)


@app.command()
def resume(
    campaign_id: CampaignId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Go on after a pause.

    Example:
      dialout campaign resume 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    start(campaign_id, url, env, as_json)


@app.command()
def pause(
    campaign_id: CampaignId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Phone nobody more, until it is resumed. Calls that go on go on to their end.

    Example:
      dialout campaign pause 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        campaign = api.campaigns.pause(campaign_id)
    campaign_report.tell(campaign, as_json=as_json)


@app.command()
def cancel(
    campaign_id: CampaignId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Phone nobody more, ever. Calls that go on go on to their end.

    Example:
      dialout campaign cancel 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        campaign = api.campaigns.cancel(campaign_id)
    campaign_report.tell(campaign, as_json=as_json)


@app.command()
def show(
    campaign_id: CampaignId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """The campaign, and how far it is.

    Example:
      dialout campaign show 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    with access.client(env, url) as api:
        campaign = api.campaigns.get(campaign_id)
    campaign_report.tell(campaign, as_json=as_json)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Those after a page.")
    ] = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """The campaigns, newest first.

    Example:
      dialout campaign list
    """
    from dialout import table

    with access.client(env, url) as api:
        page = api.campaigns.list(limit=limit, cursor=cursor)
    if as_json:
        typer.echo(page.model_dump_json())
        return
    rows = [
        (each.campaign_id, each.name, each.state, each.agent, f"{each.created_at:%Y-%m-%d %H:%M}")
        for each in page.campaigns
    ]
    columns = ("CAMPAIGN", "NAME", "STATE", "AGENT", "MADE (UTC)")
    table.show(columns, rows, empty="No campaigns.")
    table.more(page.cursor)


@app.command()
def watch(
    campaign_id: CampaignId, url: Url = None, env: Env = None, as_json: AsJson = False
) -> None:
    """Follow it until it runs no more: done, rate, seats and outcomes.

    Exits with 0 if it is complete, and with 1 if it was paused or cancelled.

    Example:
      dialout campaign watch 01KAHZ3S7M8C4V0W2TRYQ5N6PX
    """
    from dialout.campaign_watching import watched

    with access.client(env, url) as api:
        try:
            campaign = watched(api, campaign_id, as_json=as_json)
        except KeyboardInterrupt:
            typer.echo(
                f"\nIt goes on without you. To pause it: dialout campaign pause {campaign_id}",
                err=True,
            )
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not as_json:
        campaign_report.tell(campaign, as_json=False)
    raise typer.Exit(0 if campaign.state == "completed" else ExitCode.REFUSED)


@app.command()
def results(
    campaign_id: CampaignId,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="By default the output."),
    ] = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """What came of its contacts, as CSV, or with --json as a list of its rows.

    Example:
      dialout campaign results 01KAHZ3S7M8C4V0W2TRYQ5N6PX -o results.csv
    """
    import csv
    import io

    with access.client(env, url) as api:
        text = _whole(api, campaign_id)
    if as_json:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        text = json.dumps({"results": list(rows)}) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="")
        typer.echo(output, err=True)


def _whole(api: "Client", campaign_id: str) -> str:
    pages, cursor = list[str](), None
    while True:
        page = api.campaigns.results(campaign_id, limit=2000, cursor=cursor)
        pages.append(page.text)
        cursor = page.cursor
        if cursor is None:
            return "".join(pages)
