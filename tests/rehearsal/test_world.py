"""One world, several calls side by side, and everything that must be refused at its doors."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import websockets

from rehearsal import scenario, verdict
from rehearsal.placed_call import PlacedCall, place
from rehearsal.plan import API_KEY, plan
from rehearsal.world import World, free_port, world
from tests.rehearsal.recording import listen

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
BEARER = {"Authorization": f"Bearer {API_KEY}"}
ARTICLE = {"to_number": "+15550100001", "from_number": "+15550000001"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up() -> AsyncIterator[World]:
    async with world(plan({}, free_port()), "order-check", lambda _: None) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def api(up: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=up.plan.origin, timeout=30) as client:
        yield client


async def creates(up: World) -> int:
    """How many calls Twilio was asked for."""
    async with httpx.AsyncClient() as client:
        return len((await client.get(f"{up.twilio_url}/_rehearsal/calls")).json())


@pytest.mark.acceptance
async def test_calls_side_by_side_each_reach_their_goal(up: World, tmp_path: Path) -> None:
    names = ["order-missing", "silent-callee", "busy", "no-answer"]
    before = await creates(up)

    async def rehearsed(name: str) -> tuple[PlacedCall, list[str]]:
        chosen = scenario.load(name)
        placed = await place(
            up.plan.origin, API_KEY, chosen.request, tmp_path, lambda _: None, seconds=150
        )
        return placed, verdict.shortfalls(chosen.goal, placed.record)

    results = await asyncio.gather(*(rehearsed(name) for name in names))

    assert {n: short for n, (_, short) in zip(names, results, strict=True)} == {
        n: [] for n in names
    }
    assert await creates(up) == before + len(names)
    missing = results[0][0].recording
    assert missing is not None
    heard = await asyncio.to_thread(listen, missing.read_bytes())
    assert "rain jacket" in heard.agent


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"nonsense", BEARER, 400, "invalid_request"),
        (b"{}", BEARER, 400, "invalid_request"),
        (b'{"to_number": "123"}', BEARER, 400, "invalid_request"),
        (json.dumps({**ARTICLE, "agent": "nobody"}).encode(), BEARER, 400, "invalid_request"),
        (json.dumps(ARTICLE).encode(), {}, 401, "unauthorized"),
        (json.dumps(ARTICLE).encode(), {"Authorization": "Bearer no"}, 401, "unauthorized"),
    ],
)
async def test_bad_requests_are_explained_and_nobody_is_phoned(
    up: World, api: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    before = await creates(up)
    answer = await api.post("/dialout", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await creates(up) == before


async def test_an_idempotency_key_phones_once(up: World, api: httpx.AsyncClient) -> None:
    before = await creates(up)
    request = {"to_number": "+15550100003", "from_number": "+15550000001"}
    headers = {**BEARER, "Idempotency-Key": "once"}
    answers = [await api.post("/dialout", json=request, headers=headers) for _ in range(3)]

    assert {answer.json()["call_id"] for answer in answers} == {answers[0].json()["call_id"]}
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [
        None,
        "true",
        "true",
    ]
    assert await creates(up) == before + 1


async def test_what_twilio_did_not_sign_is_refused(api: httpx.AsyncClient) -> None:
    for path in ("/twiml", "/status", "/recording-status", "/stream-status", "/answered-by"):
        answer = await api.post(
            path, params={"call_id": "x"}, data={"CallSid": "CA1"},
            headers={"X-Twilio-Signature": "bm90IHR3aWxpbydz"},
        )  # fmt: skip
        assert (path, answer.status_code) == (path, 403)


async def test_an_address_that_is_not_there_is_a_problem_too(api: httpx.AsyncClient) -> None:
    answer = await api.get("/nothing", headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await api.get("/nothing")).status_code == 401


async def test_a_stream_without_twilios_signature_is_refused(up: World) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(up.plan.public_ws_url)
    assert caught.value.response.status_code == 403


async def test_a_call_is_hung_up_by_request(up: World, api: httpx.AsyncClient) -> None:
    made = (await api.post("/dialout", json=ARTICLE, headers=BEARER)).json()
    await _until(api, made["call_id"], lambda call: call["status"] == "in_progress")
    assert (await api.delete(f"/calls/{made['call_id']}", headers=BEARER)).status_code == 202
    ended = await _until(api, made["call_id"], lambda call: call["status"] == "ended")
    assert ended["end_reason"] == "canceled"
    assert (await api.delete(f"/calls/{made['call_id']}", headers=BEARER)).status_code == 409


async def test_the_curl_line_of_serve_works_and_the_call_is_listed(api: httpx.AsyncClient) -> None:
    listed = (await api.get("/calls", headers=BEARER)).json()["calls"]
    assert {call["end_reason"] for call in listed} >= {"busy", "canceled"}


async def _until(api: httpx.AsyncClient, call_id: str, done: Any) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            call: dict[str, Any] = (await api.get(f"/calls/{call_id}", headers=BEARER)).json()
            if done(call):
                return call
            await asyncio.sleep(0.2)
