"""One world in which things go wrong: one request, at most one call, and the record ends true."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rehearsal import admin, scenario
from rehearsal.cloud.client import client
from rehearsal.happening import Happening
from rehearsal.misfortune import MISFORTUNES, Ordered, Orders
from rehearsal.plan import API_KEY, plan
from rehearsal.trial import Trial, try_call
from rehearsal.world import World, free_port, world
from tests.rehearsal.handed_over import count, in_the_answer, place, speaking
from tests.rehearsal.killed_function import kill_function

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
BEARER = {"Authorization": f"Bearer {API_KEY}"}
BUSY = {"to_number": "+15550100003", "from_number": "+15550000001"}
TALK = {"to_number": "+15550100002", "from_number": "+15550000001"}
LIFE = ("dialing", "ringing", "answered", "ended")
"""What a call can reach, in this order; a report that comes late is left out."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up() -> AsyncIterator[World]:
    async with world(plan({}, free_port()), "order-check", lambda _: None) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def api(up: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=up.plan.origin, timeout=40, headers=BEARER, trust_env=False
    ) as api:
        yield api
    await admin.cancel(up.stand_ins)


async def strike(up: World, *orders: dict[str, Any]) -> None:
    """Order misfortunes of Twilio's, each for the next call."""
    twilio: Orders = {"twilio": list(orders)}
    await admin.order(twilio, up.stand_ins)


async def creates(up: World, to: str) -> list[dict[str, Any]]:
    """The calls to that number that Twilio was asked for."""
    async with httpx.AsyncClient(trust_env=False) as twilio:
        calls = (await twilio.get(f"{up.twilio_url}/_rehearsal/calls")).json()
    return [call for call in calls if call["to"] == to]


async def ended(api: httpx.AsyncClient, call_id: str, seconds: float = 40) -> dict[str, Any]:
    """The call's record, once it is over."""
    async with asyncio.timeout(seconds):
        while True:
            record: dict[str, Any] = (await api.get(f"/calls/{call_id}")).json()
            if record.get("status") == "ended":
                return record
            await asyncio.sleep(0.2)


def life(record: dict[str, Any]) -> list[str]:
    """What the call reached, in the order in which we learned of it."""
    return [entry["event"] for entry in record["timeline"] if entry["event"] in LIFE]


@functools.cache
def dynamodb(endpoint: str) -> Any:
    """Made once: to make a client takes longer on a busy machine than a busy line rings."""
    return client("dynamodb", endpoint)


def fleet(up: World, kind: str) -> dict[str, dict[str, Any]]:
    """The ledger's items of that kind, by what follows it in their key."""
    found = dynamodb(up.deployment.endpoint).query(
        TableName=up.deployment.table,
        KeyConditionExpression="pk = :fleet AND begins_with(sk, :kind)",
        ExpressionAttributeValues={":fleet": {"S": "FLEET"}, ":kind": {"S": kind}},
        ConsistentRead=True,
    )
    return {item["sk"]["S"].removeprefix(kind): item for item in found["Items"]}


def seats(up: World) -> list[str]:
    """The calls that have a seat."""
    return list(fleet(up, "LEASE#"))


def beaten(up: World) -> bool:
    """Whether a media task said within the last seconds that it is there."""
    beats = [int(item["beat_at"]["N"]) / 1e6 for item in fleet(up, "TASK#").values()]
    return any(time.time() - at < 5 for at in beats)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(done):
            await asyncio.sleep(0.05)


async def ask(
    api: httpx.AsyncClient, key: str, to: str, from_: str = "+15550000001"
) -> httpx.Response:
    return await api.post(
        "/dialout",
        json={"to_number": to, "from_number": from_},
        headers={"Idempotency-Key": key},
    )


# Who answers: the default callee, who talks with Amelia, under numbers of their own.


@pytest.mark.parametrize(
    ("order", "to"),
    [
        ({"name": "create_500_after"}, "+15550100011"),
        ({"name": "create_slow", "seconds": 11.0}, "+15550100012"),
    ],
    ids=["500 after the call was created", "timeout, and the call is created"],
)
async def test_an_ambiguous_create_is_made_once_and_ends_true(
    up: World, api: httpx.AsyncClient, order: dict[str, Any], to: str
) -> None:
    await strike(up, order)
    first, again = await asyncio.gather(ask(api, to, to), ask(api, to, to))
    later = await ask(api, to, to)

    told = sorted([first, again], key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in told] == [201, 502]
    assert told[1].json()["code"] == "telephony_error"
    call_id = told[1].json()["call_id"]
    assert told[0].json()["call_id"] == later.json()["call_id"] == call_id
    assert later.headers["Idempotent-Replayed"] == "true"

    async with asyncio.timeout(20):
        while not (calls := await creates(up, to)):
            await asyncio.sleep(0.2)
    await _hang_up(api, call_id, calls[0])
    record = await ended(api, call_id)
    assert len(await creates(up, to)) == 1
    assert record["call_sid"] == calls[0]["sid"]
    assert record["end_reason"] == "canceled"
    assert life(record) == [event for event in LIFE if event in life(record)]
    assert {"dialing", "answered", "ended"} <= set(life(record))
    assert call_id not in await asyncio.to_thread(seats, up)


async def _hang_up(api: httpx.AsyncClient, call_id: str, call: dict[str, Any]) -> None:
    """By the API, once they talk: it has to know whom."""
    async with asyncio.timeout(20):
        while (await api.get(f"/calls/{call_id}")).json()["status"] != "in_progress":
            await asyncio.sleep(0.2)
    record = (await api.get(f"/calls/{call_id}")).json()
    assert record["call_sid"] == call["sid"]
    assert (await api.delete(f"/calls/{call_id}")).status_code == 202


async def test_webhooks_twice_and_the_first_of_them_last_end_a_call_once(
    up: World, api: httpx.AsyncClient
) -> None:
    await strike(
        up,
        {"name": "webhook_duplicate"},
        {"name": "webhook_delay", "path": "/status", "status": "ringing", "seconds": 4.0},
    )
    call_id = (await api.post("/dialout", json=BUSY)).json()["call_id"]
    record = await ended(api, call_id)
    assert record["end_reason"] == "busy"
    (call,) = [each for each in await creates(up, BUSY["to_number"]) if each["status"] == "busy"]
    await _answered(up, call["sid"], "ringing", times=2)

    late = (await api.get(f"/calls/{call_id}")).json()
    assert late == record
    assert life(late) == ["dialing", "ended"]


async def _answered(up: World, sid: str, status: str, times: int) -> None:
    """Wait until that status was reported so often, and each report taken."""
    url = f"{up.twilio_url}/_rehearsal/calls/{sid}/events"
    async with httpx.AsyncClient(trust_env=False) as twilio, asyncio.timeout(20):
        while True:
            events = (await twilio.get(url)).json()
            sent = [e for e in events if e["event"] == "webhook_sent" and e.get("status") == status]
            answered = [e["status"] for e in events if e["event"] == "webhook_answered"]
            if len(sent) >= times and len(answered) == len(
                [e for e in events if e["event"] == "webhook_sent"]
            ):
                assert set(answered) <= {200, 204}
                return
            await asyncio.sleep(0.2)


async def trial(
    up: World,
    name: str,
    folder: Path,
    call: str = "order-check",
    tell: Callable[[Happening], None] = lambda _: None,
) -> Trial:
    chosen = scenario.load(call)
    return await try_call(up, Ordered((name,)), chosen.request, chosen.goal, folder, tell)


async def test_a_refused_create_is_shown_from_both_sides(up: World, tmp_path: Path) -> None:
    tried = await trial(up, "twilio-429", tmp_path)
    assert tried.missing == {"twilio-429": []}
    assert (tried.caller.status, tried.caller.code) == (502, "telephony_error")
    assert ("dialout", "error", "Call not placed", 1) in [
        (each.part, each.level, each.sentence, each.count) for each in tried.operator
    ]


async def test_without_its_table_nobody_is_phoned(
    up: World, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    before = len(await creates(up, "+15550100001"))
    tried = await trial(up, "dynamodb-down", tmp_path)
    assert tried.missing == {"dynamodb-down": []}
    assert tried.placed is None
    assert len(await creates(up, "+15550100001")) == before
    # The heart has missed beats: no call is placed on a task of which nothing is heard.
    await until(lambda: beaten(up))
    assert (await api.get("/calls")).status_code == 200


async def test_a_cold_function_without_secrets_says_so_and_a_warm_one_goes_on(
    up: World, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    await admin.order({"cloud": [{"ssm": 1}]}, up.stand_ins)
    assert (await api.get("/calls")).status_code == 200
    kill_function(up, "dialout")
    tried = await trial(up, "ssm-down", tmp_path)
    assert tried.missing == {"ssm-down": []}
    placed = await api.post("/dialout", json=BUSY)
    assert placed.status_code == 201
    await ended(api, placed.json()["call_id"])


async def test_what_is_not_as_declared_is_said(up: World, tmp_path: Path) -> None:
    """A busy line cannot end in an apology: the fault is struck, and its showing is missed."""
    tried = await trial(up, "tts-down", tmp_path, "busy")
    assert not tried.as_declared
    assert "the call ended by busy, not failed" in tried.missing["tts-down"]


async def test_a_line_that_feeds_an_alarm_names_it(
    up: World, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    placed = asyncio.Event()
    trying = asyncio.create_task(
        trial(up, "twilio-duplicate-webhooks", tmp_path, "no-answer", lambda _: placed.set())
    )
    trying.add_done_callback(lambda _: placed.set())  # Refused: what is missing is told below.
    await placed.wait()  # It rings for seconds from here, and the logs are read at its end.
    assert (await api.post("/status", data={"CallSid": "CA1"})).status_code == 403
    tried = await trying
    assert tried.as_declared
    sentence = "Webhook refused: the signature is not Twilio's"
    (refused,) = [each for each in tried.operator if each.sentence == sentence]
    assert refused.part == "twiml"
    assert refused.alarms == ("dialout-rehearsal-signature-failures",)


async def test_a_task_killed_in_a_sentence_leaves_its_call_to_another(
    up: World, api: httpx.AsyncClient
) -> None:
    """The short form of tests/rehearsal/test_handover.py."""
    await up.media.start()
    call = await place(up)
    await call.until(in_the_answer)
    up.media.kill(up.media.in_service[0])
    await call.until(lambda seen: count(seen, "stream_open") == 2 and speaking(seen))
    assert call.call_id in await asyncio.to_thread(seats, up)
    assert (await api.delete(f"/calls/{call.call_id}")).status_code == 202
    record = await ended(api, call.call_id)
    assert record["end_reason"] == "canceled"
    assert [turn["kind"] for turn in record["transcript"]].count("greeting") == 1
    assert call.call_id not in await asyncio.to_thread(seats, up)


@pytest.mark.acceptance
async def test_a_function_killed_while_twilio_is_asked_leaves_one_call(
    up: World, api: httpx.AsyncClient
) -> None:
    to = "+15550100013"
    await strike(up, {"name": "create_slow", "seconds": 4.0})
    asking = asyncio.create_task(ask(api, to, to))
    await until(lambda: len(seats(up)) == 1)
    (call_id,) = await asyncio.to_thread(seats, up)
    await asyncio.sleep(1)  # Twilio has the request, and has not answered it.
    assert await creates(up, to) == []
    assert kill_function(up, "dialout") >= 1
    assert (await asking).status_code >= 500

    replayed = await ask(api, to, to)
    assert (replayed.status_code, replayed.json()["call_id"]) == (201, call_id)
    async with asyncio.timeout(20):
        while not (calls := await creates(up, to)):
            await asyncio.sleep(0.2)
    await _hang_up(api, call_id, calls[0])
    record = await ended(api, call_id)
    assert (record["call_sid"], record["end_reason"]) == (calls[0]["sid"], "canceled")
    assert len(await creates(up, to)) == 1
    assert call_id not in await asyncio.to_thread(seats, up)


@pytest.mark.acceptance
@pytest.mark.parametrize("killed", [False, True], ids=["bound", "never bound"])
async def test_an_end_that_nobody_reported_is_known_within_two_minutes(
    up: World, api: httpx.AsyncClient, killed: bool
) -> None:
    to = "+15550100003"
    before = len(await creates(up, to))
    await strike(up, {"name": "webhook_lost"}, *([{"name": "create_500_after"}] if killed else []))
    answer = (await api.post("/dialout", json=BUSY)).json()
    record = await ended(api, answer["call_id"], seconds=150)
    calls = await creates(up, to)
    assert len(calls) == before + 1
    assert (record["call_sid"], record["end_reason"]) == (calls[-1]["sid"], "busy")
    known = datetime.fromisoformat(record["timeline"][-1]["at"]).timestamp()
    assert 0 < known - calls[-1]["ended"] <= 120
    assert answer["call_id"] not in await asyncio.to_thread(seats, up)


@pytest.mark.acceptance
@pytest.mark.parametrize("name", MISFORTUNES)
async def test_every_fault_shows_what_it_is_declared_to_show(
    up: World, tmp_path: Path, name: str
) -> None:
    await until(lambda: beaten(up))
    if name == "ssm-down":
        kill_function(up, "dialout")
    tried = await trial(up, name, tmp_path, "order-missing")
    assert tried.missing == {name: []}
