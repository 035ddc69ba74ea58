"""The HTTP server around the exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from . import admin, rest, rest_account, rest_recording, softphone_line
from .exchange import Exchange

HOST = "127.0.0.1"
"""Never anything but loopback: its secrets are printed in its documentation."""


@asynccontextmanager
async def serving(exchange: Exchange, port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback; yields the base URL. Leaving ends every call and closes every socket.

    Args:
        port: 0 for any free one.

    Raises:
        OSError: the port is taken.
    """
    app = web.Application(middlewares=[rest.problems])
    app[rest.EXCHANGE] = exchange
    for part in (rest, rest_account, rest_recording, admin, softphone_line):
        app.add_routes(part.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound: int = runner.addresses[0][1]
        exchange.recorder.base_url = f"http://{HOST}:{bound}"
        yield exchange.recorder.base_url
    finally:
        await exchange.close()
        await runner.cleanup()
