"""The shop's order desk: a server that may be slow, and knows by which keys it was asked."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class Desk:
    """Answers the second time; whoever asks first waits until they are gone.

    Attributes:
        keys: the ``Idempotency-Key`` of every request, by call.
    """

    def __init__(self) -> None:
        self.keys: defaultdict[str, list[str]] = defaultdict(list)
        self.url = ""

    async def _look_up(self, request: web.Request) -> web.Response:
        call_id = (await request.json())["call_id"]
        keys = self.keys[call_id]
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            await asyncio.sleep(60)
        return web.json_response({"day": "Friday"})


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """A desk, for as long as it lasts."""
    desk, app = Desk(), web.Application()
    app.router.add_post("/look-up", desk._look_up)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        desk.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield desk
    finally:
        await runner.cleanup()
