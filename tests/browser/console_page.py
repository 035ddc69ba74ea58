"""The console, open in Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.public_api import KEY, PublicApi

WINDOW = {"width": 1280, "height": 860}
expect.set_options(timeout=20_000)  # a busy machine's patience


@dataclass
class Opened:
    """A console that is open in a browser, and the API that it is to ask."""

    page: Page
    origin: str
    api: PublicApi
    errors: list[str]

    async def connect(self, key: str = KEY, address: str | None = None) -> None:
        await self.page.get_by_label("API address").fill(address or self.api.url)
        await self.page.get_by_label("API key").fill(key)
        await self.page.get_by_role("button", name="Connect").click()

    async def open(self, where: str) -> None:
        """A view, connected."""
        await self.page.goto(f"{self.origin}/console{where}")
        await self.connect()
        await expect(self.page.locator("#connected")).to_be_visible()


@asynccontextmanager
async def opened(
    running: Browser, origin: str, api: PublicApi, **options: Any
) -> AsyncIterator[Opened]:
    context = await running.new_context(**{"viewport": WINDOW, **options})
    page = await context.new_page()
    page.set_default_timeout(20_000)
    found = Opened(page, origin, api, watched(page))
    yield found
    await context.close()
    assert unforeseen(found.errors) == []


def watched(page: Page) -> list[str]:
    """What goes wrong in the page, as it does."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return errors


def unforeseen(errors: list[str]) -> list[str]:
    """But for what a browser says by itself of an answer that is none: the page says it too."""
    known = ("Failed to load resource", "has been blocked by CORS policy")
    return [each for each in errors if not any(word in each for word in known)]
