"""The console in Firefox: it connects, shows a call, and the recording follows the transcript."""

import json
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from rehearsal import console
from rehearsal.pages import static
from tests.browser.firefox import firefox
from tests.browser.public_api import ENDED_ID, HOSTILE, KEY, PublicApi

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]
DRAWN = """(canvas => canvas && canvas.width > 0 && canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data.some(dot => dot > 0)
)(document.querySelector('canvas.agent'))"""


async def test_a_call_is_shown_and_listened_to(tmp_path: Path) -> None:
    app = web.Application()
    app.add_routes([*static.shared(), *console.routes()])
    async with TestServer(app) as server, PublicApi() as api, firefox(tmp_path) as page:
        api.origin = f"http://localhost:{server.port}"
        await page.open(f"{api.origin}/console#/calls/{ENDED_ID}")
        for field, value in (("address", api.url), ("key", KEY)):
            await page.evaluate(f"document.getElementById('{field}').value = {json.dumps(value)}")
        await page.click(".connect button")
        await page.until("document.querySelectorAll('.turn').length === 5")
        second = "document.querySelectorAll('.turn .text')[1].textContent"
        assert await page.evaluate(second) == HOSTILE
        await page.until(DRAWN)
        third = "document.querySelector('[data-key=\"3\"]')"
        await page.evaluate(f"{third}.scrollIntoView({{block: 'center'}})")
        await page.click("[data-key='3'] .at")
        await page.until(f"{third}.ariaCurrent === 'true'")
        assert await page.evaluate("String(window.hacked)") == "undefined"
