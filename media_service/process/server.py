"""uvicorn, but one that hands its calls over before it goes."""

import asyncio
import logging
from socket import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from media_service.process.heartbeat import Heartbeat
from media_service.process.live_calls import LiveCalls
from media_service.process.task_metadata import TaskMetadata
from media_service.speaking.preparer import Preparer

log = logging.getLogger(__name__)

DRAIN_SECONDS = 100.0
"""The container is killed 120 s after SIGTERM; the last handover is due after 90."""
BEAT_SECONDS = 2.0
"""The last beat is waited for so long: a ledger that hangs must not keep the calls here."""


class Server(uvicorn.Server):
    """Drains at SIGTERM or when ECS wants the task gone, whichever is first.

    It then takes no new call, hands over those it has, each at its next quiet moment, and exits
    with 0 after the last; a second signal exits at once. /healthz answers all the while. (uvicorn
    itself closes every live WebSocket within 0.1 s of the signal.)

    Args:
        metadata: of the task, where it is one.
    """

    def __init__(
        self,
        app: FastAPI,
        live: LiveCalls,
        heartbeat: Heartbeat,
        host: str,
        port: int,
        preparer: Preparer | None = None,
        metadata: TaskMetadata | None = None,
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
        self._metadata = metadata
        self._watching: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._signalled = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, offer the seats, and say where: with port 0, nobody else knows."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        await self._heartbeat.start()
        if self._preparer:
            self._preparer.start()
        if self._metadata:
            self._watching = asyncio.create_task(self._watch(self._metadata), name="metadata")
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            log.info("the media service listens", extra={"host": host, "port": port})

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop, with no beat left behind."""
        if self._watching:
            self._watching.cancel()
        await self._heartbeat.stop()
        if self._preparer:
            await self._preparer.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came, in whatever the main thread was doing."""
        if self._loop is None or self._signalled:
            super().handle_exit(sig, frame)
            return
        self._signalled = True
        self._live.accepting = False
        self._loop.call_soon_threadsafe(self.drain)

    def drain(self) -> None:
        """Hand the calls over, and exit after the last; once."""
        if self._draining is None:
            self._live.accepting = False
            self._draining = asyncio.create_task(self._drain(), name="drain")

    async def _watch(self, metadata: TaskMetadata) -> None:
        await metadata.stopping()
        log.info("the task is to stop")
        self.drain()

    async def _drain(self) -> None:
        log.info("the media service drains", extra={"live": len(self._live)})
        # First of all: nobody more is phoned for this task.
        stopping = asyncio.create_task(self._heartbeat.stop(), name="heartbeat")
        await asyncio.wait({stopping}, timeout=BEAT_SECONDS)
        self._live.hand_over()
        if self._preparer:
            # What it has begun goes on beside the calls; `shutdown` waits for it.
            self._resting = asyncio.create_task(self._preparer.stop(), name="preparer")
        if not await self._live.over(DRAIN_SECONDS):
            log.error("calls are cut off", extra={"live": len(self._live)})
        # Not through `handle_exit`: uvicorn would raise the signal again, and not exit with 0.
        self.should_exit = True
