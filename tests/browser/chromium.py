"""Debian's Chromium, without a window, and with a microphone that plays a file."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What a window in front of somebody has anyway: timers and sound that are not held back.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]


def installed() -> str:
    """Where it is.

    Raises:
        FileNotFoundError: it is not installed.
    """
    for name in ("chromium", "google-chrome"):
        if (path := shutil.which(name)) is not None:
            return path
    raise FileNotFoundError("there is no Chromium here: `make browser` installs Debian's, as root")


@asynccontextmanager
async def chromium(microphone: Path | None = None) -> AsyncIterator[Browser]:
    """A browser of its own, closed in the end.

    Args:
        microphone: A WAV file. It is played once to whoever asks for the microphone, from that
            moment on, and whoever asks is not refused. Without one, everybody is.
    """
    sound = ["--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    if microphone is not None:
        sound = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=installed(), headless=True, chromium_sandbox=False, args=_QUIET + sound
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """An empty page, of the size of a laptop's window.

    Raises:
        AssertionError: in the end, if the page had an error, or wrote one to its console.
    """
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    await context.close()
    assert errors == []
