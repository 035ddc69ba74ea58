"""The gateway in front of several media tasks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from rehearsal.gateway import Gateway
from rehearsal.process import free_port
from rehearsal.targets import Targets

DEAD = f"http://127.0.0.1:{free_port()}"
Start = Callable[[str], Awaitable[str]]


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a task that tells its name to every stream, and says where it is."""
    servers: list[TestServer] = []

    async def started(name: str) -> str:
        async def stream(request: web.Request) -> web.StreamResponse:
            if name == "refuses":
                return web.Response(status=403)
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.send_str(name)
            await socket.receive()
            return socket

        app = web.Application()
        app.router.add_get("/ws", stream)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield started
    for server in servers:
        await server.close()


@pytest.fixture
def targets(tmp_path: Path) -> Targets:
    return Targets(tmp_path / "folder" / "targets")


@pytest_asyncio.fixture
async def phone(targets: Targets) -> AsyncIterator[aiohttp.ClientSession]:
    server = TestServer(Gateway("http://127.0.0.1:9", targets).app())
    await server.start_server()
    async with aiohttp.ClientSession(base_url=server.make_url("/")) as session:
        yield session
    await server.close()


async def connected(phone: aiohttp.ClientSession) -> tuple[aiohttp.ClientWebSocketResponse, str]:
    socket = await phone.ws_connect("/ws")
    return socket, str(await socket.receive_str())


async def test_streams_go_to_the_task_that_has_the_fewest(
    targets: Targets, start: Start, phone: aiohttp.ClientSession
) -> None:
    targets.put([await start("a"), await start("b")])
    streams = [await connected(phone) for _ in range(4)]
    assert sorted(name for _, name in streams) == ["a", "a", "b", "b"]


async def test_the_dead_are_passed_over_and_nobody_is_503(
    targets: Targets, start: Start, phone: aiohttp.ClientSession
) -> None:
    targets.put([DEAD, await start("a")])
    assert [(await connected(phone))[1] for _ in range(2)] == ["a", "a"]
    targets.put([DEAD])
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await phone.ws_connect("/ws")
    assert refused.value.status == 503


async def test_a_refusal_is_passed_on_and_tried_nowhere_else(
    targets: Targets, start: Start, phone: aiohttp.ClientSession
) -> None:
    targets.put([await start("refuses"), await start("a")])
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await phone.ws_connect("/ws")
    assert refused.value.status == 403


async def test_who_is_deregistered_keeps_what_it_has_and_gets_nothing_new(
    targets: Targets, start: Start, phone: aiohttp.ClientSession
) -> None:
    first, second = await start("a"), await start("b")
    targets.put([first])
    kept, _ = await connected(phone)
    targets.put([second])
    assert (await connected(phone))[1] == (await connected(phone))[1] == "b"
    assert not kept.closed
    await kept.send_str("still here")
