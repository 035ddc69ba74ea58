"""How the command reaches the public API: where it is, with which key, and errors in a line."""

import functools
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:
    from calls.settings import Settings
    from dialout.client import Client
    from dialout.problem import ApiError

P = ParamSpec("P")
R = TypeVar("R")

Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="The API's; by default DIALOUT_PUBLIC_API_URL, or else the stack's output."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def client(env: str | None, url: str | None) -> "Client":
    """The client of that environment's API, with the key from DIALOUT_API_KEY or asked for."""
    from dialout.client import Client

    return Client(api_url(env, url), _key())


def api_url(env: str | None, url: str | None) -> str:
    """Where the API is: ``url``, or the setting, or what the stack says.

    Raises:
        dialout.stack.StackMissingError: none of them says.
    """
    from calls.settings import Settings

    chosen = Settings() if env is None else Settings(DIALOUT_ENV=env)
    return (url or chosen.public_api_url or _deployed(chosen.env).public_api_url).rstrip("/")


def says_what_went_wrong(command: Callable[P, R]) -> Callable[P, R]:
    """``command``, with every refusal said in a line that tells what to do."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from dialout.parameters import reaches_aws
        from dialout.problem import ApiError, DialoutError, UnreachableError
        from dialout.stack import StackMissingError

        try:
            return reaches_aws(command)(*args, **kwargs)
        except StackMissingError as error:
            said = f"{error}.\nDeploy it: {error.remedy}\nor say where the API is: --url https://…"
        except ApiError as error:
            said = _advised(error)
        except UnreachableError as error:
            said = f"{error}.\n`dialout doctor` says why."
        except DialoutError as error:
            said = str(error)
        typer.echo(f"dialout: {said}", err=True)
        raise typer.Exit(1)

    return wrapped


def _advised(error: "ApiError") -> str:
    if error.code == "unauthorized":
        return f"{error}\nPut a key into DIALOUT_API_KEY; `dialout keys add NAME` makes one."
    if error.status >= 500:
        return f"{error}\n`dialout doctor` looks for the reason."
    return str(error)


def _deployed(env: str) -> "Settings":
    from dialout import aws, stack

    return stack.read(env, aws.client).applied(env)


def _key() -> str:
    key = os.environ.get("DIALOUT_API_KEY", "").strip()
    if not key and sys.stdin.isatty():
        key = str(typer.prompt("API key", hide_input=True)).strip()
    if not key:
        raise typer.BadParameter(
            "put an API key into DIALOUT_API_KEY; `dialout keys add NAME` makes one"
        )
    return key
