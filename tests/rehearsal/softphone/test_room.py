"""Who gets in at /phone, and what they get."""

import json

import aiohttp
import pytest

from rehearsal.pages.doors import refusal
from rehearsal.softphone import agents

from .tab import Tabs


async def test_the_page_and_all_that_it_asks_for_is_there(tabs: Tabs) -> None:
    status, page = await tabs.get("/phone")
    assert status == 200
    wanted = {part.split('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:]}
    assert {"/phone/phone.js", "/phone/phone.css", "/pages/theme.css"} <= wanted
    for path in wanted:
        assert (path, (await tabs.get(path))[0]) == (path, 200)


async def test_the_page_learns_who_can_call(tabs: Tabs) -> None:
    status, text = await tabs.get("/phone/settings")
    told = json.loads(text)
    assert (status, told["api_key"], told["from_number"]) == (200, "rehearsal", "+15550000001")
    assert told["agents"][0]["name"] == "amelia"
    assert told["agents"] == json.loads(json.dumps(agents.listed()))


def test_every_agent_is_listed_with_its_variables() -> None:
    listed = {agent["name"]: agent for agent in agents.listed()}
    assert {"amelia", "reminder", "recordatorio", "survey", "wake_up", "miss_harper"} <= set(listed)
    assert listed["reminder"]["variables"]["company"] == "Northwind Clinic"
    example = listed["amelia"]["example"]
    assert example["variables"]["customer_name"] == "Sarah"
    assert any("arrived on Tuesday" in line for line in example["lines"])


@pytest.mark.parametrize(
    "path", ["/phone", "/phone/phone.js", "/phone/settings", "/pages/theme.css"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:{port}"},
        {"Host": "localhost"},
        {"Host": "localhost:1"},
        {"Host": "localhost.evil.example:{port}"},
        {"Origin": "http://evil.example"},
        {"X-Forwarded-For": "192.0.2.1"},
    ],
)
async def test_others_are_refused(tabs: Tabs, path: str, headers: dict[str, str]) -> None:
    port = tabs.host.split(":")[1]
    given = {name: value.format(port=port) for name, value in headers.items()}
    status, why = await tabs.get(path, **given)
    assert status == 403
    assert why.strip()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
async def test_this_machines_names_are_let_in(tabs: Tabs, name: str) -> None:
    port = tabs.host.split(":")[1]
    assert (await tabs.get("/phone", Host=f"{name}:{port}"))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"},
    ],
)
async def test_a_line_to_another_page_is_refused(tabs: Tabs, headers: dict[str, str]) -> None:
    port = tabs.host.split(":")[1]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await tabs.connect(**{name: value.format(port=port) for name, value in headers.items()})
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "host", ["", ":7860", "localhost:x", "a@localhost:7860", "localhost:7860/x"]
)
def test_a_strange_host_is_refused(host: str) -> None:
    assert refusal({"Host": host}, 7860) is not None
