"""How the command reaches the public API: where it is, and with which key."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from calls.settings import Settings
    from dialout.client import Client

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="The API's; by default DIALOUT_API_URL, or else what the stack says.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def client(env: str | None, url: str | None) -> "Client":
    """The client of that environment's API, with the key from DIALOUT_API_KEY or asked for."""
    from dialout.client import Client

    return Client(api_url(env, url), _key())


def api_url(env: str | None, url: str | None) -> str:
    """Where the API is: ``url``, or DIALOUT_API_URL, or the setting, or what the stack says.

    Raises:
        dialout.stack.StackMissingError: none of them says.
    """
    given = url or os.environ.get("DIALOUT_API_URL", "").strip()
    if given:
        return given.rstrip("/")
    from calls.settings import Settings

    chosen = Settings() if env is None else Settings(DIALOUT_ENV=env)
    return (chosen.public_api_url or _deployed(chosen.env).public_api_url).rstrip("/")


def _deployed(env: str) -> "Settings":
    from dialout import aws, stack

    return stack.read(env, aws.client).applied(env)


def _key() -> str:
    key = os.environ.get("DIALOUT_API_KEY", "").strip()
    if not key and sys.stdin.isatty():
        key = str(typer.prompt("API key", hide_input=True, err=True)).strip()
    if not key:
        raise typer.BadParameter(
            "put an API key into DIALOUT_API_KEY; `dialout keys add NAME` makes one"
        )
    return key
