"""``dialout fleet``: how many calls there can be, and are."""

from typing import TYPE_CHECKING

import typer

from dialout import access
from dialout.access import AsJson, Url
from dialout.parameters import Env

if TYPE_CHECKING:
    from dialout.record import Fleet


def fleet(url: Url = None, env: Env = None, as_json: AsJson = False) -> None:
    """Seats, and the media tasks that offer them.

    Example:
      dialout fleet --env prod
    """
    with access.client(env, url) as api:
        found = api.fleet()
    typer.echo(found.model_dump_json()) if as_json else _show(found)


def _show(found: "Fleet") -> None:
    from dialout import table

    typer.echo(f"{found.taken} of {found.seats} seats taken, {found.free} free.")
    rows = [
        (each.task_id, each.live, each.seats, "drains" if each.draining else "takes calls",
         f"{each.beat_at:%H:%M:%S}")
        for each in found.tasks
    ]  # fmt: skip
    table.show(
        ("TASK", "CALLS", "SEATS", "STATE", "SAID SO AT (UTC)"), rows, empty="No media task."
    )
