"""``dialout keys``: who may use the API."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.keys import ApiKey, dump, generate, parse, sha256
from dialout.parameters import Env, Parameters, reaches_aws

SECRET = "api-keys"  # noqa: S105 -- its name

app = typer.Typer(no_args_is_help=True, help="The API's keys.")
Name = Annotated[str, typer.Argument(help="Whose key it is, such as `crm`.")]


@app.command()
@reaches_aws
def add(
    name: Name,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Take the key from standard input.")
    ] = False,
    env: Env = None,
) -> None:
    """Make a key. It is shown once, and kept only as a hash."""
    parameters = Parameters(env)
    keys = _keys(parameters)
    if any(key.name == name for key in keys):
        raise typer.BadParameter(
            f"there is a key {name!r} already; revoke it, or take another name"
        )
    secret = sys.stdin.readline().strip() if stdin else generate()
    if not secret:
        raise typer.BadParameter("no key came from standard input")
    made = ApiKey(name=name, sha256=sha256(secret), created_at=datetime.now(UTC))
    parameters.write(SECRET, dump([*keys, made]))
    typer.echo(f"Key {name!r} works within five minutes.", err=True)
    if not stdin:
        typer.echo(secret)


@app.command("list")
@reaches_aws
def list_(env: Env = None) -> None:
    """The keys' names, and since when they are."""
    for key in _keys(Parameters(env)):
        typer.echo(f"{key.created_at:%Y-%m-%d %H:%M}Z  {key.name}")


@app.command()
@reaches_aws
def revoke(name: Name, env: Env = None) -> None:
    """Take a key away."""
    parameters = Parameters(env)
    keys = _keys(parameters)
    left = [key for key in keys if key.name != name]
    if len(left) == len(keys):
        raise typer.BadParameter(f"there is no key {name!r}")
    parameters.write(SECRET, dump(left))
    typer.echo(f"Key {name!r} stops working within five minutes.", err=True)


def _keys(parameters: Parameters) -> list[ApiKey]:
    kept = parameters.read().get(SECRET)
    return parse(kept) if kept else []
