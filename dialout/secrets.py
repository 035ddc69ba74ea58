"""``dialout secrets``: the vendors' credentials, and our own, into SSM."""

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dialout.access import AsJson
from dialout.parameters import Env, Parameters

if TYPE_CHECKING:
    from calls.agent import Agent

GIVEN = {
    "twilio/account-sid": "TWILIO_ACCOUNT_SID",
    "twilio/auth-token": "TWILIO_AUTH_TOKEN",
    "deepgram/api-key": "DEEPGRAM_API_KEY",
    "groq/api-key": "GROQ_API_KEY",
}
"""Secrets that a vendor gives, and the names that they have in `.env`."""
OPTIONAL = {
    "openai/api-key": "OPENAI_API_KEY",
    "anthropic/api-key": "ANTHROPIC_API_KEY",
    "cartesia/api-key": "CARTESIA_API_KEY",
}
"""The same, of vendors that are needed only where an agent names them."""
GENERATED = ("stream-secret", "webhook-secret")
"""Secrets that nobody but this environment has to know."""


def wanted() -> dict[str, str]:
    """The secrets that a vendor gives and that this environment's agents need."""
    named = {f"{vendor}/api-key" for agent in _readable() for vendor in agent.vendors}
    return {**GIVEN, **{name: OPTIONAL[name] for name in OPTIONAL if name in named}}


def _readable() -> "Iterator[Agent]":
    from calls import agents
    from calls.refused import AgentError

    # What is wrong with a file is for `dialout doctor` to say.
    for name in agents.names():
        with contextlib.suppress(AgentError):
            yield agents.load(name)


app = typer.Typer(no_args_is_help=True, help="The vendors' credentials, in SSM.")


@app.command("set")
def set_(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Which: {', '.join([*GIVEN, *OPTIONAL])}. By default those that are needed.",
            show_default=False,
        ),
    ] = None,
    env: Env = None,
    env_file: Annotated[
        Path, typer.Option(help="Where values are looked up, after the environment.")
    ] = Path(".env"),
    as_json: AsJson = False,
) -> None:
    """Set secrets from the environment, from .env, or by asking. None is ever an argument.

    Examples:
      dialout secrets set --env prod
      dialout secrets set openai/api-key --env prod
    """
    there = [*GIVEN, *OPTIONAL, *GENERATED]
    unknown = sorted(set(names or []) - set(there))
    if unknown:
        raise typer.BadParameter(f"there is no secret {unknown[0]}; there are: {', '.join(there)}")
    parameters = Parameters(env)
    known = parameters.read()
    done: dict[str, str] = {}
    for name in names or wanted():
        value = _value(name, env_file, ask=names is not None or name not in known)
        if value:
            parameters.write(name, value)
        done[name] = "set" if value else "kept" if name in known else "missing"
    for name in GENERATED:
        if name not in known or name in (names or []):
            parameters.write(name, secrets.token_urlsafe(32))
            done[name] = "made"
    _tell(parameters.prefix, done, as_json=as_json)
    missing = [name for name, what in done.items() if what == "missing"]
    # Whoever has a fallback, or is one, is done without.
    optional = [name for name in missing if name in OPTIONAL and not names]
    if optional:
        variables = ", ".join(OPTIONAL[name] for name in optional)
        typer.echo(f"An agent names vendors whose keys are not set: {variables}.", err=True)
    missing = [name for name in missing if name not in optional]
    if missing:
        variables = ", ".join({**GIVEN, **OPTIONAL}[name] for name in missing)
        typer.echo(
            f"Still missing: {variables}. Put them into {env_file}, and run this again.", err=True
        )
        raise typer.Exit(1)


def _tell(prefix: str, done: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({f"{prefix}/{name}": what for name, what in done.items()}))
        return
    for name, what in done.items():
        if what != "missing":
            typer.echo(f"{what:<6}{prefix}/{name}")


@app.command("list")
def list_(env: Env = None, as_json: AsJson = False) -> None:
    """Which secrets are set. Never their values.

    Example:
      dialout secrets list --env prod
    """
    parameters = Parameters(env)
    known = parameters.read()
    found = {
        f"{parameters.prefix}/{name}": name in known for name in [*wanted(), *GENERATED, "api-keys"]
    }
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, there in found.items():
        typer.echo(f"{'set    ' if there else 'missing'}  {name}")


def _value(name: str, env_file: Path, *, ask: bool) -> str | None:
    from dotenv import dotenv_values

    variable = {**GIVEN, **OPTIONAL}.get(name)
    if variable is None:
        return None
    found = os.environ.get(variable) or dotenv_values(env_file).get(variable)
    if found or not ask or not sys.stdin.isatty():
        return found
    return str(typer.prompt(variable, hide_input=True, default="", show_default=False)).strip()
