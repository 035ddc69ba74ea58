"""A browser, and a page of it. An error in a page fails the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from .chromium import chromium, tab

SCREENSHOTS = Path(".build/screenshots")
"""Kept, as the tests' output."""


@pytest.fixture
def microphone() -> Path | None:
    """What the browser's microphone plays; None: nobody may use it. A test overrides it."""
    return None


@pytest.fixture
async def browser(microphone: Path | None) -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium(microphone) as running:
        yield running


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """An empty page; an error in it fails the test at its end."""
    async with tab(browser) as opened:
        yield opened


@pytest.fixture
def screenshots() -> Path:
    """Where screenshots are kept: ``await page.screenshot(path=screenshots / "name.png")``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
