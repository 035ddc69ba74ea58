"""The console in Chromium, against a public API of another origin with fixed records."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from rehearsal import console
from rehearsal.pages import static
from tests.browser.chromium import chromium
from tests.browser.console_page import Opened, opened
from tests.browser.public_api import (
    CAMPAIGN_ID,
    DRAFT_ID,
    ENDED_ID,
    HOSTILE,
    KEY,
    RING_ID,
    SCHEDULE_ID,
    TALK_ID,
    PublicApi,
    call,
    problem,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]
EVERY_VIEW = [
    "#/live", f"#/calls/{ENDED_ID}", f"#/calls/{TALK_ID}", "#/campaigns",
    f"#/campaigns/{CAMPAIGN_ID}", "#/schedules",
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def origin() -> AsyncIterator[str]:
    """Where the page is."""
    app = web.Application()
    app.add_routes([*static.shared(), *console.routes()])
    server = TestServer(app)
    await server.start_server()
    yield f"http://localhost:{server.port}"
    await server.close()


@pytest_asyncio.fixture(loop_scope="module")
async def api(origin: str) -> AsyncIterator[PublicApi]:
    async with PublicApi() as started:
        started.origin = origin
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def shown(running: Browser, origin: str, api: PublicApi) -> AsyncIterator[Opened]:
    async with opened(running, origin, api) as found:
        await found.page.goto(f"{origin}/console")
        yield found


async def test_the_key_is_nowhere_but_in_memory(shown: Opened) -> None:
    page = shown.page
    await expect(page.get_by_label("API address")).to_have_value(shown.origin)
    field = page.get_by_label("API key")
    assert await field.get_attribute("type") == "password"
    assert await field.get_attribute("autocomplete") == "off"

    await shown.connect(key="a-key-of-nobody")
    await expect(page.get_by_role("alert")).to_have_text(
        "This API key is not known, or was revoked."
    )
    await expect(field).to_be_focused()

    await shown.connect()
    await expect(page.get_by_role("heading", name="Live")).to_be_focused()
    kept = await page.evaluate(
        "async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,"
        " location.href, history.state, document.documentElement.outerHTML,"
        " (await indexedDB.databases()).length])"
    )
    assert KEY not in kept

    await page.reload()
    await expect(field).to_be_empty()
    await expect(page.get_by_label("API address")).to_have_value(shown.api.url)


@pytest.mark.parametrize("address", ["http://api.example.com", "ftp://api.example.com"])
async def test_a_key_is_not_sent_in_clear(shown: Opened, address: str) -> None:
    await shown.connect(address=address)
    await expect(shown.page.get_by_role("alert")).to_have_text(
        "A key goes over https alone, except to this machine."
    )


async def test_calls_are_shown_as_they_happen(shown: Opened) -> None:
    page, api = shown.page, shown.api
    await shown.connect()
    await expect(page.get_by_role("img", name="2 of 20 seats taken")).to_be_visible()
    await expect(page.locator(".tile.ringing .figure")).to_have_text("1")
    await expect(page.locator(".tile.talking .figure")).to_have_text("1")
    rows = page.get_by_role("table", name="Calls now").locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("Talking")
    before = await rows.nth(0).locator("[data-since]").inner_text()
    await expect(rows.nth(0).locator("[data-since]")).not_to_have_text(before)

    at = datetime.now(UTC)
    api.calls["01K" + "V" * 23] = call("01K" + "V" * 23, "dialing", at, to_number="+15550100009")
    api.calls[TALK_ID] |= {"status": "ended", "disposition": "completed", "duration_seconds": 44,
                           "ended_at": at.isoformat()}  # fmt: skip
    await expect(rows.nth(0)).to_contain_text("Dialing")
    await expect(rows.nth(0)).to_contain_text("+15550100009")
    await expect(page.locator(".tile.talking .figure")).to_have_text("0")
    ended = page.get_by_role("table", name="Ended lately").locator("tbody tr")
    await expect(ended.nth(0)).to_contain_text("Completed")
    await expect(ended.nth(0)).to_contain_text("0:44")

    await rows.nth(1).get_by_role("link").click()
    await expect(page).to_have_url(re.compile(f"#/calls/{RING_ID}$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("+15550100003")


async def test_a_call_is_shown_whole_and_hostile_words_are_words(shown: Opened) -> None:
    page = shown.page
    await shown.open(f"#/calls/{ENDED_ID}")
    turns = page.locator(".turn")
    await expect(turns).to_have_count(5)
    await expect(turns.nth(1).locator(".text")).to_have_text(HOSTILE)
    await expect(turns.nth(4)).to_contain_text("cut short")
    waits = page.locator(".waited[role=img]")
    assert [await each.get_attribute("aria-label") for each in await waits.all()] == [
        "Answered after 620 ms: turn 318 ms, first word 214 ms, voice 87 ms, line 1 ms",
        "Answered after 1,480 ms: turn 520 ms, first word 700 ms, voice 240 ms, line 20 ms",
    ]
    widths = [await each.evaluate("e => e.getBoundingClientRect().width")
              for each in await turns.nth(4).locator(".bar-of-parts > span").all()]  # fmt: skip
    assert widths[1] > widths[0] > widths[2] > widths[3] > 0

    outcome = page.locator(".card", has=page.get_by_role("heading", name="Outcome"))
    await expect(outcome).to_contain_text("Wants help")
    await expect(page.locator(".events li")).to_have_count(6)
    await expect(page.locator(".band [role=img]")).to_have_attribute(
        "aria-label", "Dialing 0:01, Ringing 0:03, Talking 0:20"
    )
    made = "() => [window.hacked, document.querySelectorAll('main img, main script').length]"
    assert await page.evaluate(made) == [None, 0]


async def test_no_script_of_a_strangers_could_run(shown: Opened) -> None:
    answer = await shown.page.request.get(f"{shown.origin}/console")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    refused = await shown.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>' } catch (error) { return error.name } }"
    )
    assert refused == "TypeError"
    shown.errors.clear()


async def test_the_transcript_follows_the_recording_and_leads_it(shown: Opened) -> None:
    page = shown.page
    await shown.open(f"#/calls/{ENDED_ID}")
    for name in ("Callee", "Agent"):
        canvas = page.get_by_role("img", name=f"{name}: waveform")
        await expect(canvas).to_be_visible()
        drawn = (
            "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
        )
        assert await canvas.evaluate(drawn)

    turns = page.locator(".turn")
    await turns.nth(2).locator(".at").click()
    await expect(turns.nth(2)).to_have_attribute("aria-current", "true")
    await expect(page.locator(".time")).to_have_text("0:08 / 0:20")
    await expect(page.get_by_role("button", name="Play")).to_be_focused()

    waves = page.locator(".waves")
    box = await waves.bounding_box()
    assert box is not None
    await waves.click(position={"x": box["width"] * 14 / 20, "y": 20})
    await expect(turns.nth(3)).to_have_attribute("aria-current", "true")
    await expect(turns.nth(2)).not_to_have_attribute("aria-current", "true")

    slider = page.get_by_role("slider", name="Position in the recording")
    await slider.focus()
    await page.keyboard.press("Home")
    await expect(turns.nth(3)).not_to_have_attribute("aria-current", "true")
    await slider.fill("12.5")
    await expect(turns.nth(2)).to_have_attribute("aria-current", "true")
    await page.locator(".play").click()
    await expect(turns.nth(2)).not_to_have_attribute("aria-current", "true")
    await expect(page.locator(".turn[aria-current]")).to_have_count(1)
    await page.locator(".play").click()
    muted = page.get_by_role("button", name="Callee")
    await muted.click()
    await expect(muted).to_have_attribute("aria-pressed", "false")


async def test_hanging_up_asks_first(shown: Opened) -> None:
    page = shown.page
    await shown.open(f"#/calls/{TALK_ID}")
    await page.get_by_role("button", name="Hang up").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("+15550100007")
    await expect(page.get_by_role("button", name="Keep talking")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert shown.api.asked == []

    await page.get_by_role("button", name="Hang up").click()
    await dialog.get_by_role("button", name="Hang up").click()
    await expect(page.locator(".head-line")).to_contain_text("Canceled")
    assert shown.api.asked == [("DELETE", f"/calls/{TALK_ID}", None)]


async def test_what_goes_wrong_is_said_in_words_and_mends_itself(shown: Opened) -> None:
    page, api = shown.page, shown.api
    await shown.open("#/live")
    trouble = page.locator("#trouble")
    await expect(trouble).to_be_hidden()

    again = page.get_by_role("button", name="Try now")
    broken = {
        "Too many requests at once. Trying again in 9 s.": problem(
            429, "too_many", "slow down", **{"Retry-After": "9"}
        ),
        "The API’s gateway answers 502.": web.Response(status=502, text="<h1>Bad</h1>"),
        "A service does not answer now.": problem(
            503, "unavailable", "a service does not answer now"
        ),
    }
    for words, answer in broken.items():
        api.trouble = lambda _, answer=answer: web.Response(
            status=answer.status, headers=answer.headers, body=answer.body
        )
        await expect(trouble).to_contain_text(words)
        await expect(page.locator(".tile.talking .figure")).to_have_text("1")  # from before
        api.trouble = lambda _: None
        await again.click()
        await expect(trouble).to_be_hidden()

    api.keys.clear()
    await expect(page.get_by_role("alert")).to_have_text(
        "This API key is not known, or was revoked."
    )
    await expect(page.locator("#connected")).to_be_hidden()


async def test_an_api_that_does_not_let_this_page_ask_is_explained(shown: Opened) -> None:
    shown.api.origin = "https://elsewhere.example"
    await shown.connect()
    alert = shown.page.get_by_role("alert")
    await expect(alert).to_contain_text("does not answer, or does not let pages from")
    await expect(alert).to_contain_text("DIALOUT_CONSOLE_ORIGINS")


async def test_campaigns_are_shown_paused_and_cancelled(shown: Opened) -> None:
    page, api = shown.page, shown.api
    await shown.open("#/campaigns")
    row = page.get_by_role("row", name="spring appointments")
    await expect(row).to_contain_text("60 of 120 (50 %)")
    await expect(row.get_by_role("img")).to_have_attribute(
        "aria-label", "60 done, 1 being settled, 3 on the phone, "
        "11 to be phoned again, or later, 45 to be phoned",
    )  # fmt: skip
    await row.get_by_role("button", name="Pause").click()
    await expect(row).to_contain_text("Paused")
    await row.get_by_role("button", name="Go on").click()
    await expect(row).to_contain_text("Running")

    await row.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("spring appointments")
    contacts = page.get_by_role("table", name="Contacts").locator("tbody tr")
    await expect(contacts).to_have_count(3)
    await page.get_by_role("combobox", name="Which contacts").select_option("completed")
    await expect(contacts).to_have_count(1)
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Cancel the campaign").click()
    await expect(page.locator(".head-line")).to_contain_text("Cancelled")
    assert [(method, body["state"]) for method, _, body in api.asked] == [
        ("PATCH", "paused"), ("PATCH", "running"), ("PATCH", "cancelled"),
    ]  # fmt: skip


async def test_a_draft_is_previewed_before_it_is_started(shown: Opened) -> None:
    page = shown.page
    await shown.open(f"#/campaigns/{DRAFT_ID}")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_text("2,300 people of 2,500 would be phoned")).to_be_visible()
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name="Start it").click()
    await expect(page.locator(".head-line")).to_contain_text("Running")


async def test_schedules_are_shown_paused_and_cancelled(shown: Opened) -> None:
    page = shown.page
    await shown.open("#/schedules")
    row = page.get_by_role("row", name="+15550100002")
    await expect(row).to_contain_text("cron 30 7 ? * MON-FRI * (Europe/Berlin)")
    await expect(row).to_contain_text("in 9 h")
    await row.get_by_role("button", name="Pause").click()
    await expect(row.locator(".chip")).to_have_text("Paused")
    await expect(row.get_by_role("button", name="Go on")).to_be_focused()
    await row.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Cancel the schedule").click()
    await expect(row.locator(".chip")).to_have_text("Cancelled")
    assert shown.api.asked[-1] == ("DELETE", f"/schedules/{SCHEDULE_ID}", None)


async def test_nothing_is_said_to_be_nothing(shown: Opened) -> None:
    page, api = shown.page, shown.api
    for known in (api.calls, api.campaigns, api.schedules):
        known.clear()
    api.fleet |= {"seats": 0, "taken": 0, "free": 0, "tasks": []}
    await shown.open("#/live")
    await expect(page.get_by_text("Nobody is on the phone.")).to_be_visible()
    await expect(page.get_by_text("No media task is there")).to_be_visible()
    nothing = {
        "campaigns": "There is no campaign yet", "schedules": "There is no schedule yet",
        "nowhere": "There is nothing here",
    }  # fmt: skip
    for where, words in nothing.items():
        await page.evaluate(f"location.hash = '#/{where}'")
        await expect(page.get_by_text(words)).to_be_visible()
    await page.evaluate(f"location.hash = '#/calls/{ENDED_ID}'")
    await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such call")
    await page.evaluate(f"location.hash = '#/campaigns/{CAMPAIGN_ID}'")
    await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such campaign")


CONTRAST = Path(__file__).with_name("contrast.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_view_can_be_read_named_and_looks_like_this(
    running: Browser, origin: str, api: PublicApi, screenshots: Path, scheme: str
) -> None:
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    async with opened(running, origin, api, **options) as found:
        page = found.page
        await page.goto(f"{origin}/console")
        await page.screenshot(path=screenshots / f"console-connect-{scheme}.png")
        await found.connect()
        for where in EVERY_VIEW:
            await page.evaluate(f"location.hash = '{where}'")
            await expect(page.locator("main")).not_to_contain_text("Looking…")
            if where.endswith(ENDED_ID):
                await page.locator(".turn").nth(2).locator(".at").click()
                await expect(page.locator(".turn.heard")).to_have_count(1)
            name = re.sub(r"\W+", "-", where).strip("-").lower()
            await page.screenshot(path=screenshots / f"console-{name}-{scheme}.png", full_page=True)
            faint, nameless = await page.evaluate(CONTRAST)
            assert faint == [], where
            assert nameless == [], where
            await asyncio.sleep(0)


async def test_a_small_screen_has_room_for_it(
    running: Browser, origin: str, api: PublicApi, screenshots: Path
) -> None:
    async with opened(running, origin, api, viewport={"width": 390, "height": 800}) as found:
        page = found.page
        await found.open("#/live")
        for where in EVERY_VIEW:
            await page.evaluate(f"location.hash = '{where}'")
            await expect(page.locator("main")).not_to_contain_text("Looking…")
            name = re.sub(r"\W+", "-", where).strip("-").lower()
            await page.screenshot(path=screenshots / f"console-{name}-small.png")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390, where
