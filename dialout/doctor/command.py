"""``dialout doctor``, the command."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from dialout.parameters import Env

if TYPE_CHECKING:
    from calls.settings import Settings
    from dialout.doctor.check import Check, Result

_COLORS = {"ok": "green", "warn": "yellow", "fail": "bold red", "skipped": "dim"}


def doctor(
    env: Env = None,
    only: Annotated[
        str | None, typer.Option(metavar="NAME", help="One check, and those that it builds on.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Find what is missing, and the command that mends it. Exits with 0 only if nothing fails.

    Examples:
      dialout doctor --env prod
      dialout doctor --only twilio --json
    """
    from pydantic import ValidationError

    from calls.settings import Settings
    from dialout.doctor.check import chosen
    from dialout.doctor.checks import CHECKS
    from dialout.doctor.finding import Verdict

    try:
        checks = list(CHECKS) if only is None else chosen(CHECKS, only)
        settings = Settings() if env is None else Settings(DIALOUT_ENV=env)
    except KeyError:
        known = ", ".join(check.name for check in CHECKS)
        raise typer.BadParameter(f"there is no check {only!r}; there are: {known}") from None
    except ValidationError as error:
        for each in error.errors():
            typer.echo(f"{each['loc'][0]}: {each['msg']}", err=True)
        raise typer.Exit(2) from None
    results = asyncio.run(_examine(settings, checks, quiet=as_json))
    healthy = all(result.finding.verdict is not Verdict.FAIL for result in results)
    if as_json:
        body = {
            "ok": healthy,
            "env": settings.env,
            "checks": [result.as_json() for result in results],
        }
        typer.echo(json.dumps(body))
    else:
        _show(results)
    raise typer.Exit(0 if healthy else 1)


async def _examine(settings: "Settings", checks: "list[Check]", *, quiet: bool) -> "list[Result]":
    from rich.console import Console

    from dialout.doctor import patient
    from dialout.doctor.check import examine

    console = Console(stderr=True, quiet=quiet)
    with console.status("Asking AWS, the vendors and the public addresses…"):
        async with patient.client() as http:
            return await examine(patient.Patient(settings, http), checks)


def _show(results: "list[Result]") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    width = max(len(result.check.name) for result in results)
    for result in results:
        finding = result.finding
        line = Text(f"{finding.verdict.value:<8}", style=_COLORS[finding.verdict])
        line.append(f"{result.check.name:<{width}}  ", style="bold")
        line.append(finding.text, style="default")
        # Never wrapped by us: a remedy is there to be copied.
        console.print(line, soft_wrap=True)
        if finding.remedy:
            remedy = Text(f"{'':{8 + width}}  → {finding.remedy}", style="cyan")
            console.print(remedy, soft_wrap=True)
    counted = dict.fromkeys(_COLORS, 0)
    for result in results:
        counted[result.finding.verdict] += 1
    shown = ", ".join(f"{count} {verdict}" for verdict, count in counted.items() if count)
    console.print(f"\n{shown}", style="bold")
