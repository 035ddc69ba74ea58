"""``dialout do-not-call``: who is never to be phoned."""

from typing import TYPE_CHECKING, Annotated

import typer

from dialout import access
from dialout.access import AsJson, Url
from dialout.parameters import Env

if TYPE_CHECKING:
    from dialout.listing import Listing

app = typer.Typer(no_args_is_help=True, help="Who is never to be phoned.")
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="In E.164: +15550100001.")]


@app.command()
def add(
    number: Number,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Never phone a number again.

    Example:
      dialout do-not-call add +15550100001 --reason "asked by e-mail"
    """
    with access.client(env, url) as api:
        listing = api.do_not_call.add(number, reason=reason)
    typer.echo(listing.model_dump_json() if as_json else _line(listing))


@app.command()
def show(number: Number, url: Url = None, env: Env = None, as_json: AsJson = False) -> None:
    """Since when a number is listed, and why; exits with 1 if it is not.

    Example:
      dialout do-not-call show +15550100001
    """
    with access.client(env, url) as api:
        listing = api.do_not_call.get(number)
    typer.echo(listing.model_dump_json() if as_json else _line(listing))


@app.command()
def remove(number: Number, url: Url = None, env: Env = None, as_json: AsJson = False) -> None:
    """Take a number off the list: it may be phoned again.

    Example:
      dialout do-not-call remove +15550100001
    """
    import json

    with access.client(env, url) as api:
        api.do_not_call.remove(number)
    typer.echo(json.dumps({"number": number, "removed": True}) if as_json else f"{number} is off.")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many.")] = 100,
    cursor: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Those after a page.")
    ] = None,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """The list, in the numbers' order.

    Example:
      dialout do-not-call list --json
    """
    from dialout import table

    with access.client(env, url) as api:
        page = api.do_not_call.list(limit=limit, cursor=cursor)
    if as_json:
        typer.echo(page.model_dump_json())
        return
    rows = [
        (each.number, f"{each.listed_at:%Y-%m-%d %H:%M}", each.source, each.reason)
        for each in page.listings
    ]
    table.show(("NUMBER", "SINCE (UTC)", "BY", "WHY"), rows, empty="Nobody is listed.")
    table.more(page.cursor)


def _line(listing: "Listing") -> str:
    why = f": {listing.reason}" if listing.reason else ""
    return (
        f"{listing.number} is listed since {listing.listed_at:%Y-%m-%d %H:%M} UTC, "
        f"by {listing.source}{why}"
    )
