"""``dialout call``: phone somebody, and read along."""

from typing import Annotated

import typer

from dialout.access import AsJson, Url, client, says_what_went_wrong
from dialout.parameters import Env


@says_what_went_wrong
def call(
    to_number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Whom to phone, in E.164: +15550100001.")
    ],
    agent: Annotated[str | None, typer.Option(help="A file in agents/.")] = None,
    from_number: Annotated[
        str | None, typer.Option("--from", metavar="NUMBER", help="One of your numbers.")
    ] = None,
    var: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable; repeatable.")
    ] = None,
    watch: Annotated[bool, typer.Option(help="Read along until the call ends.")] = True,
    url: Url = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Phone somebody. The agent talks with whoever answers."""
    from dialout.watching import Watching

    variables = _variables(var or [])
    with client(env, url) as api:
        placed = api.call(to_number, from_number=from_number, agent=agent, variables=variables)
        if not watch:
            typer.echo(placed.model_dump_json() if as_json else placed.call_id)
            return
        typer.echo(f"Call {placed.call_id}", err=True)
        try:
            record = Watching(api, lambda line: typer.echo(line, err=as_json)).until_end(
                placed.call_id
            )
        except KeyboardInterrupt:
            typer.echo(
                "\nThe call goes on without you. To end it: dialout calls hang-up "
                f"{placed.call_id}",
                err=True,
            )
            raise typer.Exit(130) from None
        if as_json:
            typer.echo(record.model_dump_json())


def _variables(given: list[str]) -> dict[str, str]:
    variables = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE", param_hint="--var")
        variables[name] = value
    return variables
