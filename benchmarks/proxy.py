"""A bad network on order: TCP through here is late, uneven, held up, torn, or half dead.

It knows nothing of what it carries, and loses nothing that it was not ordered to.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 65_536
_HELD = 4_096
"""Chunks on their way in one direction; then the sender waits, as with a full window."""


Address = tuple[str, int]


@dataclass
class Weather:
    """What everything that passes is subject to, from now on."""

    delay: float = 0.0
    """Seconds in each direction."""
    jitter: float = 0.0
    """At most so many seconds more, evenly spread. What was sent in order arrives in order."""


class Proxy:
    """Listens on a port of loopback and connects each client to an address behind it."""

    def __init__(self, to: Callable[[], Address], *, seed: int = 0) -> None:
        """A proxy that does nothing before ``start``.

        Args:
            to: asked for each client where to connect to; may raise ``OSError``: nowhere.
        """
        self._to = to
        self._random = random.Random(seed)  # noqa: S311 -- chance, no secret
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.weather = Weather()
        self.links: list[Link] = []
        """Those that are open, oldest first."""

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, port: int = 0) -> Self:
        """Listen; by default on any port that is free."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        return self

    async def close(self) -> None:
        """Listen no more, and tear what is open."""
        if self._server:
            self._server.close()
        for link in tuple(self.links):
            link.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            far, to_far = await asyncio.open_connection(*self._to())
        except OSError:
            to_near.transport.abort()
            return
        link = Link((near, to_near), (far, to_far), self._lag)
        self.links.append(link)
        try:
            await link.run()
        finally:
            self.links.remove(link)

    def _lag(self) -> float:
        return self.weather.delay + self._random.uniform(0.0, self.weather.jitter)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Link:
    """One connection through the proxy. ``near`` is who came, ``far`` whom they came for."""

    near: Ends
    far: Ends
    lag: Callable[[], float]
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _half: bool = False
    _later: list[asyncio.TimerHandle] = field(default_factory=list)

    def cut(self) -> None:
        """Both sides lose the connection at once, without a word and with what is on its way."""
        self._abort(self.near, self.far)

    def half_open(self, seconds: float) -> None:
        """The near side loses it at once. The far side is told nothing, and hears nothing: what
        it says is taken and lost, and only after ``seconds`` is its side torn too.
        """
        self._half = True
        self._abort(self.near)
        self._after(seconds, lambda: self._abort(self.far))

    def stall(self, seconds: float) -> None:
        """Nothing passes for so long, either way. Then all of it does, at once."""
        self._flowing.clear()
        self._after(seconds, self._flowing.set)

    async def run(self) -> None:
        """Carry bytes both ways until both have ended, or either is torn."""
        self._flowing.set()
        ways = self._way(self.near[0], self.far[1]), self._way(self.far[0], self.near[1])
        try:
            await asyncio.gather(*ways)
        finally:
            for handle in self._later:
                handle.cancel()
            self.cut()

    async def _way(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_HELD)
        steps = [
            asyncio.create_task(self._collect(source, queue)),
            asyncio.create_task(self._deliver(queue, target)),
        ]
        try:
            await asyncio.gather(*steps)
        except OSError:  # a peer that is gone may be "not connected", which is no ConnectionError
            # Torn on one side: it is to be torn on the other, not closed in good order.
            if not self._half:
                self.cut()
        finally:
            for step in steps:
                step.cancel()
            await asyncio.gather(*steps, return_exceptions=True)
        with suppress(OSError):
            while self._half and await source.read(_CHUNK):
                pass  # it talks to nobody

    async def _collect(
        self, source: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        loop, latest = asyncio.get_running_loop(), 0.0
        while not self._half:
            chunk = await source.read(_CHUNK)
            latest = max(latest, loop.time() + self.lag())
            await queue.put((latest, chunk))
            if not chunk:
                return

    async def _deliver(
        self, queue: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._flowing.wait()
            if self._half:
                return
            if not chunk:
                if not target.transport.is_closing():
                    target.write_eof()
                return
            target.write(chunk)
            await target.drain()

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        self._later.append(asyncio.get_running_loop().call_later(seconds, do))

    @staticmethod
    def _abort(*ends: Ends) -> None:
        for _, writer in ends:
            writer.transport.abort()
