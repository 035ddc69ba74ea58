"""The files of a page: small ones, served as they lie there."""

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


def guarded(handler: Handler, port: int, socket: bool = False) -> Handler:
    """The handler, for whoever may open our pages; ``403`` with the reason for everybody else."""

    async def open_to_ours(request: web.Request) -> web.StreamResponse:
        why = refusal(request.headers, port, socket)
        if why is not None:
            return web.Response(status=403, text=f"{why}\n")
        return await handler(request)

    return open_to_ours


def page(path: str, folder: Path, port: int) -> list[web.RouteDef]:
    """A page at ``path`` (``/phone``): ``index.html`` of the folder, and its files at ``path/…``."""
    routes = [_file(f"{path}/{file.name}", file, port) for file in sorted(folder.iterdir())]
    if (index := folder / "index.html").exists():
        routes.append(_file(path, index, port))
    return routes


def shared(port: int) -> list[web.RouteDef]:
    """``/pages/…``."""
    return page("/pages", SHARED, port)


def _file(path: str, file: Path, port: int) -> web.RouteDef:
    async def send(_: web.Request) -> web.Response:
        return web.Response(
            body=file.read_bytes(), headers={**_HEADERS, hdrs.CONTENT_TYPE: _TYPES[file.suffix]}
        )

    return web.get(path, guarded(send, port))
