"""uvicorn, but one that lets its calls end."""

import asyncio
import logging
from socket import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from media_service.heartbeat import Heartbeat
from media_service.live_calls import LiveCalls
from media_service.preparer import Preparer

log = logging.getLogger(__name__)

DRAIN_SECONDS = 110.0
"""The container is killed 120 s after SIGTERM."""


class Server(uvicorn.Server):
    """On SIGTERM takes no new call and exits after the last; a second signal exits at once.

    uvicorn itself closes every live WebSocket within 0.1 s of the signal.
    """

    def __init__(
        self,
        app: FastAPI,
        live: LiveCalls,
        heartbeat: Heartbeat,
        host: str,
        port: int,
        preparer: Preparer | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app, host=host, port=port, loop="uvloop", ws="websockets-sansio",
                access_log=False, log_config=None, server_header=False,
                # Mu-law does not get smaller.
                ws_per_message_deflate=False,
            )
        )  # fmt: skip
        self._live = live
        self._heartbeat = heartbeat
        self._preparer = preparer
        self._draining: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, offer the seats, and say where: with port 0, nobody else knows."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        await self._heartbeat.start()
        if self._preparer:
            self._preparer.start()
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            log.info("the media service listens", extra={"host": host, "port": port})

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop, with no beat left behind."""
        await self._heartbeat.stop()
        if self._preparer:
            await self._preparer.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came, in whatever the main thread was doing."""
        if self._loop is None or not self._live.accepting:
            super().handle_exit(sig, frame)
            return
        self._live.accepting = False
        self._loop.call_soon_threadsafe(self._drain, sig, frame)

    def _drain(self, sig: int, frame: FrameType | None) -> None:
        self._draining = asyncio.create_task(self._wait(sig, frame))

    async def _wait(self, sig: int, frame: FrameType | None) -> None:
        # First of all: nobody more is phoned for this task.
        await self._heartbeat.stop()
        if self._preparer:
            await self._preparer.stop()
        log.info("the media service drains", extra={"live": len(self._live)})
        if not await self._live.over(DRAIN_SECONDS):
            log.error("calls are cut off", extra={"live": len(self._live)})
        super().handle_exit(sig, frame)
