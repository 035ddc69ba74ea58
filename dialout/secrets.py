"""``dialout secrets``: the vendors' credentials, and our own, into SSM."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

from calls import agents
from calls.agent import Agent, AgentError
from dialout.parameters import Env, Parameters, reaches_aws

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


def _readable() -> Iterator[Agent]:
    # What is wrong with a file is for `dialout doctor` to say.
    for name in agents.names():
        with contextlib.suppress(AgentError):
            yield agents.load(name)


app = typer.Typer(no_args_is_help=True, help="The vendors' credentials, in SSM.")


@app.command("set")
@reaches_aws
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
) -> None:
    """Set secrets from the environment, from .env, or by asking. None is ever an argument."""
    there = [*GIVEN, *OPTIONAL, *GENERATED]
    unknown = sorted(set(names or []) - set(there))
    if unknown:
        raise typer.BadParameter(f"there is no secret {unknown[0]}; there are: {', '.join(there)}")
    parameters = Parameters(env)
    known = parameters.read()
    missing = []
    for name in names or wanted():
        value = _value(name, env_file, ask=names is not None or name not in known)
        if value:
            parameters.write(name, value)
            typer.echo(f"set   {parameters.prefix}/{name}")
        elif name in known:
            typer.echo(f"kept  {parameters.prefix}/{name}")
        else:
            missing.append(name)
    for name in GENERATED:
        if name not in known or name in (names or []):
            parameters.write(name, secrets.token_urlsafe(32))
            typer.echo(f"made  {parameters.prefix}/{name}")
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


@app.command("list")
@reaches_aws
def list_(env: Env = None) -> None:
    """Which secrets are set. Never their values."""
    parameters = Parameters(env)
    known = parameters.read()
    for name in [*wanted(), *GENERATED, "api-keys"]:
        typer.echo(f"{'set    ' if name in known else 'missing'}  {parameters.prefix}/{name}")


def _value(name: str, env_file: Path, *, ask: bool) -> str | None:
    variable = {**GIVEN, **OPTIONAL}.get(name)
    if variable is None:
        return None
    found = os.environ.get(variable) or dotenv_values(env_file).get(variable)
    if found or not ask or not sys.stdin.isatty():
        return found
    return str(typer.prompt(variable, hide_input=True, default="", show_default=False)).strip()
