"""One origin in front of everything, as the public addresses are in AWS.

HTTP goes to the local cloud's API Gateway, ``/ws`` to that media task which has the fewest streams,
as behind a load balancer. Bytes pass as they came: Twilio signs over path, query and body. Beside
them, for this machine's own browsers alone, the pages of the rehearsal.

``python -m rehearsal.gateway --port 7860 --api URL --targets FILE``
"""

import argparse
import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from rehearsal import console
from rehearsal.pages import static
from rehearsal.relay import relay
from rehearsal.softphone.room import Room
from rehearsal.targets import Targets

_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "content-encoding",
}  # fmt: skip
_HANDSHAKE = {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"}
_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's own limit."""


class Gateway:
    """The reverse proxy."""

    def __init__(self, api: str, targets: Targets, softphone: Room | None = None) -> None:
        """``api`` and all targets are base URLs without a trailing slash."""
        self._softphone = softphone
        self._api = api
        self._targets = targets
        self._streams: Counter[str] = Counter()
        self._session: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_BODY_BYTES)
        app.cleanup_ctx.append(self._client)
        app.router.add_get("/ws", self._stream)
        app.add_routes([*static.shared(), *console.routes()])
        if self._softphone is not None:
            app.add_routes(self._softphone.routes())
            app.cleanup_ctx.append(self._softphone.client)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._forward)  # %0A is a character too
        return app

    async def _client(self, _: web.Application) -> Any:
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            yield

    async def _forward(self, request: web.Request) -> web.Response:
        assert self._session is not None
        body = await request.read()
        try:
            async with self._session.request(
                request.method,
                URL(self._api + request.raw_path, encoded=True),
                headers=_end_to_end(request.headers),
                data=body or None,
                allow_redirects=False,
            ) as answer:
                return web.Response(
                    status=answer.status,
                    headers=_end_to_end(answer.headers),
                    body=await answer.read(),
                )
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"the API cannot be reached: {error}\n")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        headers = {
            name: value
            for name, value in _end_to_end(request.headers).items()
            if name.lower() not in _HANDSHAKE
        }
        try:
            target, media = await self._connected(request.raw_path, headers)
        except aiohttp.WSServerHandshakeError as error:
            # Refused before the upgrade, as it must reach the peer: as plain HTTP.
            return web.Response(status=error.status)
        except LookupError:
            return web.Response(status=503)
        try:
            return await self._joined(request, media)
        finally:
            self._streams[target] -= 1

    async def _connected(
        self, path: str, headers: dict[str, str]
    ) -> tuple[str, aiohttp.ClientWebSocketResponse]:
        """A stream to the task that has the fewest; who does not answer at all is passed over.

        Raises:
            aiohttp.WSServerHandshakeError: the task refuses it.
            LookupError: there is no task.
        """
        assert self._session is not None
        for target in sorted(self._targets.urls(), key=lambda url: self._streams[url]):
            url = URL(target + path, encoded=True)
            self._streams[target] += 1
            try:
                return target, await self._session.ws_connect(
                    url, headers=headers, max_msg_size=_BODY_BYTES
                )
            except BaseException as error:
                self._streams[target] -= 1
                if not isinstance(error, aiohttp.ClientConnectionError):
                    raise
        raise LookupError

    async def _joined(
        self, request: web.Request, media: aiohttp.ClientWebSocketResponse
    ) -> web.StreamResponse:
        caller = web.WebSocketResponse(max_msg_size=_BODY_BYTES)
        await caller.prepare(request)
        try:
            await relay(caller, media)
        finally:
            if media.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE and request.transport:
                request.transport.abort()  # the service died: its peer must see a broken pipe
            await media.close()
            await caller.close()
        return caller


def _end_to_end(headers: Any) -> dict[str, str]:
    return {n: v for n, v in headers.items() if n.lower() not in _HOP_BY_HOP}


async def _serve(given: argparse.Namespace) -> None:
    room = None
    if given.phone_network:
        room = Room(given.phone_network, given.key, given.from_number, given.scripted, given.hears)
    runner = web.AppRunner(Gateway(given.api, Targets(given.targets), room).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, given.host, given.port).start()
    bound = runner.addresses[0][1]
    print(f"listening on http://127.0.0.1:{bound}", flush=True)  # noqa: T201 -- who started us waits for it
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.gateway")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--api", required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--phone-network", metavar="URL", help="whose softphone is at /phone")
    parser.add_argument("--key", help="the API key, if everybody may know it: for that page")
    parser.add_argument("--from-number", help="our own number: for that page")
    parser.add_argument("--scripted", action="store_true", help="the LLM's part is in scenarios")
    parser.add_argument("--hears", metavar="LANGUAGE", help="the only one that is understood")
    given = parser.parse_args()
    asyncio.run(_serve(given))


if __name__ == "__main__":
    main()
