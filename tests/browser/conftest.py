"""A browser, and a page of it. An error in a page fails the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from .chromium import chromium

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
    """An empty page, of the size of a laptop's window. Errors in it fail the test at its end."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    opened = await context.new_page()
    opened.set_default_timeout(20_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield opened
    await context.close()
    assert errors == []


@pytest.fixture
def screenshots() -> Path:
    """Where screenshots are kept: ``await page.screenshot(path=screenshots / "name.png")``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
