"""The files of a page: small ones, served as they lie there."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import hdrs, web

from .doors import refusal

SHARED = Path(__file__).parent / "static"
"""What every page may use, at ``/pages/…``: ``theme.css``."""

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    # Its own scripts and styles, and nothing of anybody else's.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(handler: Handler, socket: bool = False) -> Handler:
    """The handler, for whoever may open our pages; ``403`` with the reason for everybody else."""

    async def open_to_ours(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        port: int = request.transport.get_extra_info("sockname")[1]
        if (why := refusal(request.headers, port, socket)) is not None:
            return web.Response(status=403, text=f"{why}\n")
        return await handler(request)

    return open_to_ours


def page(path: str, folder: Path) -> list[web.RouteDef]:
    """A page at ``/phone``, say: the folder's ``index.html``, and its files at ``/phone/…``."""
    routes = [_file(f"{path}/{file.name}", file) for file in sorted(folder.iterdir())]
    if (index := folder / "index.html").exists():
        routes += [_file(path, index), _file(f"{path}/", index)]
    return routes


def shared() -> list[web.RouteDef]:
    """``/pages/…``."""
    return page("/pages", SHARED)


def _file(path: str, file: Path) -> web.RouteDef:
    headers = {**_HEADERS, hdrs.CONTENT_TYPE: f"{_TYPES[file.suffix]}; charset=utf-8"}

    async def send(_: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(file.read_bytes), headers=headers)

    return web.get(path, guarded(send))
