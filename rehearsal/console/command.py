"""``dialout console``: the page alone, to watch an API that is deployed."""

from collections.abc import Callable
from typing import Annotated

import typer


def console(
    port: Annotated[int, typer.Option(help="DIALOUT_CONSOLE_ORIGINS has to name it.")] = 7860,
) -> None:
    """Serve the console to a browser on this machine. Ctrl-C ends it.

    `dialout serve` has it too, at /console. A deployed API lets pages of port 7860 ask, unless its
    DIALOUT_CONSOLE_ORIGINS says otherwise.

    Example:
      dialout console --port 8080
    """
    from aiohttp import web

    from rehearsal.console import routes
    from rehearsal.pages import static

    app = web.Application()
    app.add_routes([*static.shared(), *routes()])
    try:
        web.run_app(app, host="127.0.0.1", port=port, print=_ready(port), access_log=None)
    except OSError as error:
        typer.echo(f"dialout: {error.strerror or error}", err=True)
        raise typer.Exit(2) from error


def _ready(port: int) -> Callable[[str], None]:
    def say(_: str) -> None:
        typer.echo(f"http://localhost:{port}/console  (Ctrl-C ends it)")

    return say
