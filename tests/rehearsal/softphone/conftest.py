"""The phone network with its softphone, the gateway in front of it, and a product that calls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from rehearsal.gateway import Gateway
from rehearsal.softphone.room import Room
from rehearsal.targets import Targets
from rehearsal.twilio.softphone import Softphone
from tests.rehearsal.twilio.stage import Folder, Product, Rehearsed, rehearsed, serving_product

from .tab import Tabs


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    """Something that answers webhooks and takes streams."""
    async with serving_product() as product:
        yield product


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Scenarios and clips; whoever is not in them has the softphone's number."""
    return Folder(tmp_path)


@pytest.fixture
async def network(folder: Folder, product: Product) -> AsyncIterator[Rehearsed]:
    """The phone network."""
    async with rehearsed(folder, product, Softphone()) as running:
        yield running


@pytest.fixture
async def tabs(network: Rehearsed, tmp_path: Path) -> AsyncIterator[Tabs]:
    """A browser's tabs, at the gateway in front of it."""
    room = Room(network.url, "rehearsal", "+15550000001")
    server = TestServer(Gateway("http://127.0.0.1:9", Targets(tmp_path / "targets"), room).app())
    await server.start_server()
    async with Tabs(f"127.0.0.1:{server.port}") as opened:
        yield opened
    await server.close()
