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
# Its own scripts and styles, and nothing of anybody else's.
OWN = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
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


def page(path: str, folder: Path, policy: str = OWN) -> list[web.RouteDef]:
    """A page at ``/phone``, say: the folder's ``index.html``, and its files at ``/phone/…``.

    Args:
        policy: Its Content-Security-Policy.
    """
    routes = [_file(f"{path}/{file.name}", file, policy) for file in sorted(folder.iterdir())]
    if (index := folder / "index.html").exists():
        routes += [_file(path, index, policy), _file(f"{path}/", index, policy)]
    return routes


def shared() -> list[web.RouteDef]:
    """``/pages/…``."""
    return page("/pages", SHARED)


def _file(path: str, file: Path, policy: str) -> web.RouteDef:
    kind = f"{_TYPES[file.suffix]}; charset=utf-8"
    headers = {**_HEADERS, "Content-Security-Policy": policy, hdrs.CONTENT_TYPE: kind}

    async def send(_: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(file.read_bytes), headers=headers)

    return web.get(path, guarded(send))
