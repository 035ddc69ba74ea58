"""A product for the telephone network to talk to, and a network for the product to call."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .stage import Folder, Product, Rehearsed, rehearsed, serving_product


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    """Something that answers webhooks and takes streams."""
    async with serving_product() as product:
        yield product


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Scenarios and clips; whoever is not in them is reached by the default one."""
    return Folder(tmp_path)


@pytest.fixture
async def network(folder: Folder, product: Product) -> AsyncIterator[Rehearsed]:
    """A network with the scenarios that the folder has by then."""
    async with rehearsed(folder, product) as running:
        yield running
