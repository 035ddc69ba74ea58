"""The console in Chromium, before a whole world: a call rings, talks, is hung up, and heard."""

from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from rehearsal.plan import API_KEY, plan
from rehearsal.world import free_port, world
from tests.browser.console_page import WINDOW, unforeseen, watched

CALL = {"to_number": "+15550100001", "from_number": "+15550000001",
        "variables": {"customer_name": "Sarah", "product": "running shoes"}}  # fmt: skip
TALK_MS = 90_000


@pytest.mark.acceptance
@pytest.mark.timeout(300)
async def test_a_call_is_watched_from_its_ringing_to_its_recording(
    browser: Browser, screenshots: Path
) -> None:
    page = await browser.new_page(viewport=WINDOW)
    errors = watched(page)
    async with world(plan({}, free_port()), "order-check", lambda _: None) as up:
        await page.goto(f"http://localhost:{up.plan.port}/console")
        await page.get_by_label("API key").fill(API_KEY)
        await page.get_by_role("button", name="Connect").click()
        await expect(page.get_by_role("img", name="0 of 10 seats taken")).to_be_visible()

        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {API_KEY}"}) as client:
            await _let_in(client, up.plan.origin)
            placed = await client.post(f"{up.plan.origin}/dialout", json=CALL, timeout=30)
        call_id = placed.json()["call_id"]
        now = page.get_by_role("table", name="Calls now").locator("tbody tr")
        await expect(now).to_contain_text("+15550100001")
        await expect(now).to_contain_text("Talking", timeout=TALK_MS)
        await expect(page.get_by_role("img", name="1 of 10 seats taken")).to_be_visible()

        await now.get_by_role("link").click()
        arrived = page.locator(".turn.callee", has_text="Tuesday").first
        await expect(arrived).to_be_visible(timeout=TALK_MS)
        await page.get_by_role("button", name="Hang up").click()
        await page.get_by_role("dialog").get_by_role("button", name="Hang up").click()

        await expect(page.locator(".head-line")).to_contain_text("Canceled", timeout=TALK_MS)
        outcome = page.locator(".card", has=page.get_by_role("heading", name="Outcome"))
        await expect(outcome).to_contain_text("Sarah's running shoes arrived", timeout=TALK_MS)
        # From the cloud's S3, which is another origin.
        await expect(page.get_by_role("img", name="Agent: waveform")).to_be_visible(timeout=TALK_MS)
        await arrived.locator(".at").click()
        await expect(arrived).to_have_attribute("aria-current", "true")
        assert await page.evaluate(_VOICED, "callee") > 3 * await page.evaluate(_VOICED, "agent")
        await page.screenshot(path=screenshots / "console-world-call.png", full_page=True)

        await page.get_by_role("link", name="← Live").click()
        ended = page.get_by_role("table", name="Ended lately").locator("tbody tr")
        await expect(ended).to_contain_text("Canceled")
        assert call_id in str(await ended.get_by_role("link").get_attribute("href"))
    assert unforeseen(errors) == []


# How tall the wave of a channel is drawn in the two seconds after where the recording stands: if
# words and sound did not belong together, it would be the other's.
_VOICED = """channel => {
  const canvas = document.querySelector(`canvas.${channel}`)
  const slider = document.querySelector('input[type=range]')
  const across = seconds => Math.round((seconds / Number(slider.max)) * canvas.width)
  const from = across(Number(slider.value)), width = across(2)
  const {data} = canvas.getContext('2d').getImageData(from, 0, width, canvas.height)
  let drawn = 0
  for (let dot = 3; dot < data.length; dot += 4) if (data[dot] > 100) drawn += 1
  return drawn - width
}"""


async def _let_in(client: httpx.AsyncClient, api: str) -> None:
    """The stack's gateway lets the console's page ask, and no other's."""
    asked = {"Access-Control-Request-Method": "DELETE"}
    for origin, told in (("http://localhost:7860", True), ("https://elsewhere.example", False)):
        answers = [
            await client.options(f"{api}/calls", headers={"Origin": origin, **asked}),
            await client.get(f"{api}/fleet", headers={"Origin": origin}),
        ]
        for answer in answers:
            assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is told
    assert (
        "DELETE"
        in (
            await client.options(
                f"{api}/calls", headers={"Origin": "http://localhost:7860", **asked}
            )
        ).headers["Access-Control-Allow-Methods"]
    )
