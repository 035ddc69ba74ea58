"""The softphone in Chromium, in a whole world: somebody answers their phone, and talks."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from rehearsal.plan import API_KEY, plan
from rehearsal.world import World, free_port, world

from . import speech
from .chromium import chromium, tab

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]
BEARER = {"Authorization": f"Bearer {API_KEY}"}
PATIENT = 60_000
"""Milliseconds: what a busy machine may take for an answer."""
expect.set_options(timeout=PATIENT)
SCRIPT = [(13.0, "sarah-speaking"), (25.0, "sarah-arrived"), (36.0, "sarah-interrupts")]
"""Seconds after the microphone is opened. The greeting ends at about 9, the first answer, of 5 s,
begins at 16; the second begins at 30 and would go on for 15 s: there is room for a busy machine."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up() -> AsyncIterator[World]:
    making = plan({}, free_port())
    async with world(making, "order-check", lambda _: None, softphone=True) as started:
        yield started


async def opened(page: Page, up: World) -> None:
    """The page, and it is the phone."""
    await page.goto(f"http://localhost:{up.plan.port}/phone")
    await expect(page.locator("#line")).to_have_text("Ready")


async def calls(up: World) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=up.plan.origin, headers=BEARER) as api:
        listed: list[dict[str, Any]] = (await api.get("/calls")).json()["calls"]
        return listed


async def record(up: World, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The newest call's record, once it is as it has to be."""
    async with httpx.AsyncClient(base_url=up.plan.origin, headers=BEARER, timeout=30) as api:
        newest = (await calls(up))[0]["call_id"]
        async with asyncio.timeout(60):
            while True:
                call: dict[str, Any] = (await api.get(f"/calls/{newest}")).json()
                if done(call):
                    return call
                await asyncio.sleep(0.3)


async def sounds(page: Page, meter: str) -> None:
    """Until that meter has moved: sound has arrived there."""
    await expect(page.locator(meter)).to_have_attribute("aria-valuenow", re.compile("[1-9]"))


async def test_somebody_answers_talks_interrupts_presses_a_key_and_hangs_up(
    up: World, screenshots: Path, tmp_path: Path
) -> None:
    microphone = speech.write(tmp_path / "sarah.wav", *SCRIPT)
    async with chromium(microphone) as browser, tab(browser) as page:
        await opened(page, up)
        await expect(page.get_by_label("Customer name")).to_have_value("Sarah")
        await page.get_by_role("button", name="Call me").click()

        await expect(page.get_by_role("button", name="Answer")).to_be_focused()
        await expect(page.get_by_role("heading", name="Amelia · Northwind")).to_be_visible()
        await expect(page.locator("#number")).to_have_text("+1 555 000 0001")
        await expect(page.locator("#alert")).to_contain_text("Amelia · Northwind is calling")
        await page.screenshot(path=screenshots / "phone-ringing.png")
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("button", name="Hang up")).to_be_visible()
        await expect(page.get_by_role("button", name="Mute")).to_be_enabled()
        await sounds(page, "#them")
        turns = page.locator("#turns .turn")
        heard = turns.and_(page.locator(".callee"))
        said = turns.and_(page.locator(".agent"))
        await expect(said.first).to_contain_text("this is Amelia")
        await sounds(page, "#you")
        await expect(heard.filter(has_text="minute")).not_to_have_count(0)
        await expect(heard.filter(has_text="Tuesday")).not_to_have_count(0)
        cut = said.filter(has_text="interrupted").filter(has_text="valued customer")
        await expect(cut).to_have_count(1)
        await expect(page.locator(".took strong").first).to_have_text(
            re.compile(r"^answered after \d+\.\d\d s$")
        )
        await expect(heard.filter(has_text="return")).not_to_have_count(0)
        await sounds(page, "#them")  # the agent answers
        await page.screenshot(path=screenshots / "phone.png")
        await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        await page.screenshot(path=screenshots / "phone-dark.png")
        await page.emulate_media(color_scheme="light")
        await expect(said.filter(has_text="thirty days")).not_to_have_count(0)

        await page.keyboard.press("m")
        await expect(page.get_by_role("button", name="Mute")).to_have_attribute(
            "aria-pressed", "true"
        )
        await expect(page.locator("#you-name")).to_have_text("You, muted")
        await page.keyboard.press("5")
        await expect(page.locator("#pressed")).to_have_text("5")
        await expect(heard.filter(has_text="Keys pressed: 5")).to_have_count(1)
        await page.get_by_role("button", name="Hang up").click()

        await expect(page.locator("#status")).to_have_text(re.compile("^You hung up · "))
        await expect(page.locator("#outcome")).to_contain_text("Disposition")
        await page.screenshot(path=screenshots / "phone-ended.png")

    call = await record(up, lambda call: bool(call["debriefed_at"]))
    assert (call["end_reason"], call["answered_by"]) == ("callee_hung_up", "human")
    transcript = call["transcript"]
    assert sum(turn["role"] == "callee" for turn in transcript) >= 4
    assert any(turn["interrupted"] for turn in transcript)
    assert call["latency"]["turns"] >= 2


async def test_without_a_microphone_one_listens_and_presses_keys(up: World) -> None:
    async with chromium() as browser, tab(browser) as page:
        await opened(page, up)
        await page.get_by_role("button", name="Call me").click()
        await page.get_by_role("button", name="Answer").click()
        await expect(page.locator("#trouble")).to_contain_text("may not use the microphone")
        await expect(page.get_by_role("button", name="Mute")).to_be_disabled()
        await sounds(page, "#them")
        await expect(page.locator("#turns .turn.agent")).to_have_count(1)
        await page.get_by_role("button", name="7").click()
        keys = page.locator("#turns .turn.callee").filter(has_text="Keys pressed: 7")
        await expect(keys).to_have_count(1)
        await page.keyboard.press("Escape")
        await expect(page.locator("#status")).to_have_text(re.compile("^You hung up"))
    assert (await record(up, lambda call: call["status"] == "ended"))["end_reason"] == (
        "callee_hung_up"
    )


async def test_the_newest_tab_is_the_phone_and_a_call_is_declined_there(up: World) -> None:
    async with chromium() as browser, tab(browser) as old, tab(browser) as new:
        await opened(old, up)
        await opened(new, up)
        await expect(old.locator("#line")).to_have_text("In another tab")
        await old.get_by_role("button", name="Let them ring here").click()
        await expect(old.locator("#line")).to_have_text("Ready")
        await expect(new.locator("#line")).to_have_text("In another tab")
        await new.get_by_label("Who calls").select_option("reminder")
        await new.get_by_role("button", name="Call me").click()
        await expect(old.get_by_role("heading", name="Reminder · Northwind Clinic")).to_be_visible()
        await old.keyboard.press("Escape")
        await expect(old.locator("#status")).to_have_text("You declined")
    assert (await record(up, lambda call: call["status"] == "ended"))["end_reason"] == "busy"
