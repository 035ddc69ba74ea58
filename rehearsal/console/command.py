"""``dialout console``: the page alone, to watch an API that is deployed."""

import json
from typing import Annotated

import typer


def console(
    port: Annotated[int, typer.Option(help="DIALOUT_CONSOLE_ORIGINS has to name it.")] = 7860,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object, once it is up: where it is.")
    ] = False,
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

    url = f"http://localhost:{port}/console"
    app = web.Application()
    app.add_routes([*static.shared(), *routes()])

    def ready(_: str) -> None:
        typer.echo(json.dumps({"url": url}) if as_json else f"{url}  (Ctrl-C ends it)")

    try:
        web.run_app(app, host="127.0.0.1", port=port, print=ready, access_log=None)
    except OSError as error:
        typer.echo(f"dialout: {error.strerror or error}", err=True)
        raise typer.Exit(2) from error
