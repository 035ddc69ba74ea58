"""The bad network on order: what it does to a connection, and what it never does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from benchmarks.proxy import Link, Proxy, Weather

SOON = 10.0
"""Seconds: a limit for what never takes that long."""


@dataclass
class Service:
    """What is behind the proxy: it says back what it hears, and keeps how each connection went."""

    connections: list["Connection"] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        await connection.echo()


@dataclass
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: bytes = b""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def echo(self) -> None:
        try:
            while chunk := await self.reader.read(65_536):
                self.heard += chunk
                self.writer.write(chunk)
        except ConnectionError:
            pass
        finally:
            self.writer.close()
            self.ended.set()


@dataclass
class Through:
    """A client that is connected, and everything between it and the service."""

    proxy: Proxy
    service: Service
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def link(self) -> Link:
        return self.proxy.links[0]

    async def says(self, words: bytes) -> None:
        """And hears them back."""
        self.writer.write(words)
        async with asyncio.timeout(SOON):
            assert await self.reader.readexactly(len(words)) == words

    async def torn(self) -> bool:
        async with asyncio.timeout(SOON):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def connected(weather: Weather | None = None) -> AsyncIterator[Through]:
    service = Service()
    server = await asyncio.start_server(service.take, "127.0.0.1", 0)
    at = "127.0.0.1", server.sockets[0].getsockname()[1]
    proxy = await Proxy(lambda: at, seed=7).start()
    proxy.weather = weather or Weather()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    through = Through(proxy, service, reader, writer)
    try:
        await through.says(b"hello")
        yield through
    finally:
        writer.close()
        await proxy.close()
        server.close()
        await asyncio.sleep(0)


async def test_what_is_said_arrives_whole_and_an_end_is_an_end() -> None:
    async with connected() as through:
        sent = bytes(range(256)) * 4_000
        await through.says(sent)
        through.writer.write_eof()
        assert await through.torn()
        (connection,) = through.service.connections
        assert connection.heard == b"hello" + sent


async def test_each_way_takes_at_least_the_delay() -> None:
    async with connected(Weather(delay=0.05)) as through:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await through.says(b"late")
        assert loop.time() - began >= 0.1


async def test_jitter_changes_no_order() -> None:
    async with connected(Weather(jitter=0.01)) as through:
        numbers = [number.to_bytes(2, "big") for number in range(100)]
        for number in numbers:
            through.writer.write(number)
            await asyncio.sleep(0)
        async with asyncio.timeout(SOON):
            heard = await through.reader.readexactly(200)
        assert [bytes(each) for each in zip(heard[::2], heard[1::2], strict=True)] == numbers


async def test_a_stall_holds_everything_and_loses_nothing() -> None:
    async with connected() as through:
        through.link.stall(0.1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await through.says(b"held up")
        assert loop.time() - began >= 0.09  # a timer may be early by its resolution
        await through.says(b"and on")


async def test_a_cut_is_felt_on_both_sides_and_a_new_connection_works() -> None:
    async with connected() as through:
        through.link.cut()
        assert await through.torn()
        async with asyncio.timeout(SOON):
            await through.service.connections[0].ended.wait()
            while through.proxy.links:
                await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", through.proxy.port)
        writer.write(b"again")
        async with asyncio.timeout(SOON):
            assert await reader.readexactly(5) == b"again"
        writer.close()


async def test_half_open_the_service_is_told_nothing_and_talks_to_nobody() -> None:
    async with connected() as through:
        through.link.half_open(3_600)
        assert await through.torn()
        (connection,) = through.service.connections
        # More than any buffer on the way: somebody takes it.
        connection.writer.write(bytes(8_000_000))
        async with asyncio.timeout(SOON):
            await connection.writer.drain()
        assert not connection.ended.is_set()
        assert len(through.proxy.links) == 1


async def test_half_open_ends_for_the_service_too() -> None:
    async with connected() as through:
        through.link.half_open(0.05)
        async with asyncio.timeout(SOON):
            await through.service.connections[0].ended.wait()
            while through.proxy.links:
                await asyncio.sleep(0)


async def test_when_the_service_dies_the_client_feels_it() -> None:
    async with connected() as through:
        through.service.connections[0].writer.transport.abort()
        assert await through.torn()


async def test_with_nobody_behind_it_a_client_is_turned_away() -> None:
    proxy = await Proxy(lambda: ("127.0.0.1", 9)).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    async with asyncio.timeout(SOON):
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    writer.close()
    await proxy.close()
