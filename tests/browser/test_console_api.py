"""The API that the console is tested with answers as the document says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import jsonschema
import pytest
import pytest_asyncio

from tests.browser.public_api import CAMPAIGN_ID, DRAFT_ID, ENDED_ID, KEY, TALK_ID, PublicApi

DOCUMENT = json.loads(Path("docs/openapi.json").read_text())


@pytest_asyncio.fixture
async def api() -> AsyncIterator[PublicApi]:
    async with PublicApi() as started:
        yield started


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/fleet", "FleetView"),
        ("/calls", "Page"),
        ("/calls?status=open", "Page"),
        (f"/calls/{ENDED_ID}", "CallView"),
        (f"/calls/{TALK_ID}", "CallView"),
        (f"/calls/{ENDED_ID}/recording", "RecordingAddress"),
        ("/campaigns", "CampaignPage"),
        (f"/campaigns/{CAMPAIGN_ID}", "CampaignView"),
        (f"/campaigns/{DRAFT_ID}/preview", "Preview"),
        (f"/campaigns/{CAMPAIGN_ID}/contacts", "ContactPage"),
        ("/schedules", "Schedules"),
    ],
)
async def test_what_it_answers_is_what_the_api_answers(
    api: PublicApi, path: str, schema: str
) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        answer = await (await session.get(api.url + path)).json()
    known = DOCUMENT["components"]["schemas"][schema]
    rooted = {**known, "components": DOCUMENT["components"], "additionalProperties": False}
    jsonschema.Draft202012Validator(rooted).validate(answer)
