"""``dialout keys``: who may use the API."""

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from dialout.access import AsJson
from dialout.parameters import Env, Parameters

if TYPE_CHECKING:
    from calls.keys import ApiKey

SECRET = "api-keys"  # noqa: S105 -- its name

app = typer.Typer(no_args_is_help=True, help="The API's keys.")
Name = Annotated[str, typer.Argument(help="Whose key it is, such as `crm`.")]


@app.command()
def add(
    name: Name,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Take the key from standard input.")
    ] = False,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once, and kept only as a hash.

    Example:
      dialout keys add crm --env prod
    """
    from pydantic import ValidationError

    from calls.keys import ApiKey, dump, generate, sha256

    parameters = Parameters(env)
    keys = _keys(parameters)
    if any(key.name == name for key in keys):
        raise typer.BadParameter(
            f"there is a key {name!r} already; revoke it, or take another name"
        )
    secret = sys.stdin.readline().strip() if stdin else generate()
    if not secret:
        raise typer.BadParameter("no key came from standard input")
    try:
        made = ApiKey(name=name, sha256=sha256(secret), created_at=datetime.now(UTC))
    except ValidationError:
        raise typer.BadParameter(
            f"{name!r} is no name: small letters, digits, `.`, `_` and `-` are, up to 40"
        ) from None
    parameters.write(SECRET, dump([*keys, made]))
    typer.echo(f"Key {name!r} works within five minutes.", err=True)
    if as_json:
        typer.echo(json.dumps({"name": name, "key": None if stdin else secret}))
    elif not stdin:
        typer.echo(secret)


@app.command("list")
def list_(env: Env = None, as_json: AsJson = False) -> None:
    """The keys' names, and since when they are.

    Example:
      dialout keys list --env prod
    """
    keys = _keys(Parameters(env))
    if as_json:
        told = [{"name": key.name, "created_at": key.created_at.isoformat()} for key in keys]
        typer.echo(json.dumps({"keys": told}))
        return
    for key in keys:
        typer.echo(f"{key.created_at:%Y-%m-%d %H:%M}Z  {key.name}")


@app.command()
def revoke(name: Name, env: Env = None, as_json: AsJson = False) -> None:
    """Take a key away.

    Example:
      dialout keys revoke crm --env prod
    """
    from calls.keys import dump

    parameters = Parameters(env)
    keys = _keys(parameters)
    left = [key for key in keys if key.name != name]
    if len(left) == len(keys):
        raise typer.BadParameter(f"there is no key {name!r}")
    parameters.write(SECRET, dump(left))
    typer.echo(f"Key {name!r} stops working within five minutes.", err=True)
    if as_json:
        typer.echo(json.dumps({"name": name, "revoked": True}))


def _keys(parameters: Parameters) -> "list[ApiKey]":
    from calls.keys import parse

    kept = parameters.read().get(SECRET)
    return parse(kept) if kept else []
