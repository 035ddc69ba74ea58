"""Campaigns in the local cloud: its queues, its bus and its rules carry them, and phones ring."""

import asyncio
import csv
import io
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from calls import keys
from calls.adapters.dynamodb_ledger import DynamoLedger
from calls.call import now
from calls.seats import Beat
from rehearsal import scenario
from rehearsal import world as rehearsed
from rehearsal.cloud.deployment import LocalCloud
from rehearsal.plan import ACCOUNT_SID, API_KEY, AUTH_TOKEN, FROM_NUMBER, plan
from rehearsal.process import Process
from rehearsal.world import free_port

LISTENING = r"listening on (\S+)"
# No media task: whoever answers hears nothing, and hangs up.
CALLEES = {
    "busy": {"outcome": "busy", "rings_for": 1.0},
    "no-answer": {"outcome": "no-answer", "rings_for": 2.0},
    "failed": {"outcome": "failed", "rings_for": 0.5},
    "answered": {
        "outcome": "answered", "rings_for": 0.5, "script": [{"pause": 2}, {"hang_up": True}],
    },
}  # fmt: skip
ONCE = {name: {"attempts": 1} for name in ("busy", "no_answer", "machine", "voicemail", "failed")}


@dataclass(frozen=True)
class Up:
    """Cloud, stack and phone network, with seats for as many as the test says."""

    api: httpx.AsyncClient
    network: httpx.AsyncClient

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.api.request(method, path, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def campaign(self, rows: str, **asked: Any) -> tuple[str, Any]:
        """Its id, and what was said of its rows."""
        made = await self.ask(
            "POST", "/campaigns",
            json={"name": "rehearsed", "agent": "reminder", "from_number": FROM_NUMBER, **asked},
        )  # fmt: skip
        where = f"/campaigns/{made['campaign_id']}"
        said = await self.ask(
            "POST", f"{where}/contacts", content=rows.encode(), headers={"content-type": "text/csv"}
        )
        return where, said

    async def start(self, where: str) -> None:
        await self.ask("PATCH", where, json={"state": "running"})

    async def done(self, where: str, seconds: float) -> Any:
        """Its progress, when nobody is left."""
        async with asyncio.timeout(seconds):
            while True:
                progress = (await self.ask("GET", where))["progress"]
                if progress["by_state"] == {"done": progress["contacts"]}:
                    return progress
                await asyncio.sleep(1)

    async def results(self, where: str) -> list[dict[str, str]]:
        text, cursor = "", ""
        while cursor is not None:
            answer = await self.api.get(f"{where}/results{cursor and f'?cursor={cursor}'}")
            assert answer.status_code == 200, answer.text
            text += answer.text
            cursor = answer.headers.get("dialout-cursor")
        return list(csv.DictReader(io.StringIO(text)))

    async def rings(self) -> Counter[str]:
        """How often each phone was rung."""
        return Counter(call["to"] for call in (await self.network.get("/_rehearsal/calls")).json())


def scenarios(folder: Path, numbers: dict[str, list[str]]) -> Path:
    """A scenario for each number, by what its callee does."""
    folder.mkdir()
    for outcome, phones in numbers.items():
        for phone in phones:
            content = {
                "summary": outcome,
                "request": {"to_number": phone, "from_number": FROM_NUMBER},
                "callee": CALLEES[outcome],
                "goal": {"end_reason": "unknown"},
            }
            name = f"{outcome}-{phone.removeprefix('+')}"
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return folder


async def _beating(ledger: DynamoLedger, seats: int) -> None:
    while True:
        beat = Beat("task", seats=seats, live=0, draining=False, at=now())
        await asyncio.to_thread(ledger.beat, beat)
        await asyncio.sleep(3)


@asynccontextmanager
async def world(
    folder: Path, numbers: dict[str, list[str]], *, seats: int, pace: float
) -> AsyncIterator[Up]:
    """What is up."""
    played = scenarios(folder / "scenarios", numbers)
    first = next(iter(sorted(played.glob("*.yaml")))).stem
    async with AsyncExitStack() as stack:
        cloud = await stack.enter_async_context(LocalCloud(folder))
        twilio, twilio_url = await Process.start(
            "twilio", "rehearsal.twilio", "--port", "0", "--scenarios", str(played),
            "--default-scenario", first, logs=folder, ready=LISTENING,
        )  # fmt: skip
        stack.push_async_callback(twilio.stop)
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        deployment = await cloud.deploy(
            {
                "DIALOUT_PUBLIC_API_URL": origin,
                "DIALOUT_PUBLIC_WS_URL": "ws://127.0.0.1:9/ws",
                "DIALOUT_CALLING_WINDOW": "00:00-24:00",
                "DIALOUT_CALLS_PER_SECOND": str(pace),
                "TWILIO_API_BASE_URL": twilio_url,
            }
        )
        key = keys.ApiKey(name="tests", sha256=keys.sha256(API_KEY), created_at=now())
        secrets = {
            "twilio/account-sid": ACCOUNT_SID,
            "twilio/auth-token": AUTH_TOKEN,
            "stream-secret": "stream-secret-of-the-test",
            "api-keys": keys.dump([key]),
        }
        for name, value in secrets.items():
            await asyncio.to_thread(
                cloud.client("ssm").put_parameter,
                Name=f"{deployment.parameter_prefix}/{name}", Value=value, Type="SecureString",
            )  # fmt: skip
        gateway, _ = await Process.start(
            "gateway", "rehearsal.gateway", "--port", str(port),
            "--api", deployment.api_url, "--targets", os.devnull,
            logs=folder, ready=LISTENING,
        )  # fmt: skip
        stack.push_async_callback(gateway.stop)
        ledger = DynamoLedger(deployment.table, cloud.client("dynamodb"))
        beating = asyncio.create_task(_beating(ledger, seats))
        stack.callback(beating.cancel)
        bearer = {"Authorization": f"Bearer {API_KEY}"}
        api, network = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, headers=bearer, timeout=60, trust_env=False)
            )
            for url in (origin, twilio_url)
        ]
        yield Up(api, network)


def number(each: int) -> str:
    return f"+1555012{each:04}"


@pytest.mark.timeout(300)  # The first build ever installs the functions' dependencies.
async def test_a_csv_of_twelve_with_every_kind_of_callee(tmp_path: Path) -> None:
    kinds = ["answered", "answered", "busy", "busy", "no-answer", "failed"]
    numbers = {
        kind: [number(each) for each, its in enumerate(kinds) if its == kind] for kind in kinds
    }
    listed, later, abroad = number(20), number(21), "+493012345678"
    rows = ["to_number,customer_name,time_zone", *(f"{number(n)},Sarah {n}," for n in range(6))]
    rows += [f"{listed},Tom,", f"{later},Ann,", f"{abroad},Zoë,"]
    rows += ["12,Nobody,", f"{number(0)},Sarah again,", f"{number(22)},Far Away,Mars/Olympus"]
    async with world(tmp_path, numbers, seats=10, pace=10) as up:
        await up.ask("PUT", f"/do-not-call/{listed}")
        where, said = await up.campaign(
            "\n".join(rows), retry={**ONCE, "busy": {"attempts": 2, "gap_seconds": 1}}
        )
        assert said["added"] == 9
        assert [each["line"] for each in said["bad_rows"]] == [11, 12, 13]
        preview = await up.ask("GET", f"{where}/preview")
        assert preview["skipped"] == {"country_not_allowed": 1, "do_not_call": 1}
        await up.ask("PUT", f"/do-not-call/{later}")
        await up.start(where)
        progress = await up.done(where, 150)

        assert progress["by_disposition"] == {
            "busy": 2, "failed": 1, "no_answer": 1, "no_response": 2,
            "skipped:country_not_allowed": 1, "skipped:do_not_call": 2,
        }  # fmt: skip
        lines = {each["to_number"]: each for each in await up.results(where)}
        assert len(lines) == 9
        assert {lines[each]["attempts"] for each in numbers["busy"]} == {"2"}
        assert {lines[each]["attempts"] for each in numbers["answered"]} == {"1"}
        rings = await up.rings()
        assert rings == Counter({**{number(n): 1 for n in range(6)}, number(2): 2, number(3): 2})


EVERYBODY = {
    "reminder-confirmed": "completed", "reminder-moved": "completed",
    "reminder-cancelled": "completed", "reminder-callback": "callback_requested",
    "reminder-opt-out-key": "opted_out", "reminder-wrong-number": "wrong_person",
    "reminder-voicemail": "voicemail", "reminder-mailbox-closes": "machine",
    "silent-callee": "no_response", "busy": "busy", "no-answer": "no_answer",
    "unreachable": "failed",
}  # fmt: skip
"""What becomes of a contact, by whose phone it is."""


@pytest.mark.acceptance
@pytest.mark.timeout(420)
async def test_everybody_on_a_list_of_twelve_is_talked_to_as_they_are() -> None:
    # So many conversations two cores carry in real time.
    limits = {"DIALOUT_MAX_CONCURRENT_CALLS": "3"}
    people = {name: scenario.load(name) for name in EVERYBODY}
    rows = io.StringIO(newline="")
    table = csv.writer(rows)
    table.writerow(["to_number", "customer_name", "appointment"])
    for each in people.values():
        told = each.request.get("variables", {})
        table.writerow(
            [each.person, told.get("customer_name", "Nobody"), told.get("appointment", "a visit")]
        )
    bearer = {"Authorization": f"Bearer {API_KEY}"}
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(
            rehearsed.world(plan({}, free_port()), "busy", lambda _: None, limits=limits)
        )
        api, network = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, headers=bearer, timeout=60, trust_env=False)
            )
            for url in (whole.plan.origin, whole.twilio_url)
        ]
        up = Up(api, network)
        where, said = await up.campaign(rows.getvalue(), retry=ONCE)
        assert said == {"added": len(EVERYBODY), "bad_rows": []}
        await up.start(where)
        progress = await up.done(where, 240)
        lines = {each["to_number"]: each for each in await up.results(where)}

        found = {name: lines[each.person]["disposition"] for name, each in people.items()}
        assert found == EVERYBODY
        assert progress["by_disposition"] == Counter(EVERYBODY.values())
        assert {each["attempts"] for each in lines.values()} == {"1"}
        for name, decision in (("confirmed", "confirmed"), ("cancelled", "cancelled")):
            assert lines[people[f"reminder-{name}"].person]["outcome.decision"] == decision
        moved = lines[people["reminder-moved"].person]
        assert moved["outcome.new_time"] == "Thursday at three in the afternoon"
        assert moved["recording"].endswith(f"/calls/{moved['call_id']}/recording")
        rings = await up.rings()
        assert {number: rings[number] for number in lines} == dict.fromkeys(lines, 1)


CONTACTS = int(os.environ.get("DIALOUT_REHEARSED_CONTACTS", "1000"))
SEATS, PACE = 50, 2.0
"""Calls a second: what two cores carry of all the functions, the cloud and the phones."""


@pytest.mark.acceptance
@pytest.mark.timeout(1500)
async def test_a_thousand_contacts_none_lost_none_twice_at_the_pace(tmp_path: Path) -> None:
    kinds = ["busy", "no-answer", "failed", "answered", "busy"]
    numbers: dict[str, list[str]] = {kind: [] for kind in kinds}
    for each in range(CONTACTS):
        numbers[kinds[each % len(kinds)]].append(number(each))
    rows = ["to_number,customer_name", *(f"{number(n)},Sarah {n}" for n in range(CONTACTS))]
    async with world(tmp_path, numbers, seats=SEATS, pace=PACE) as up:
        await _warm(up)
        await _pause(up)
        where, said = await up.campaign(
            "\n".join(rows), retry=ONCE, breaker={"share": 1.0, "of_last": 100}
        )
        assert said == {"added": CONTACTS, "bad_rows": []}
        await up.start(where)
        progress = await up.done(where, CONTACTS / PACE * 1.5 + 120)
        rings = await up.rings() - Counter(WARMING + PAUSING)
        lines = await up.results(where)
        dialed = await _dialed(up, where)

    seconds = (max(dialed) - min(dialed)).total_seconds()
    pace = (CONTACTS - 1) / seconds
    print(f"{CONTACTS} calls in {seconds:.1f} s: {pace:.3f} a second, asked for {PACE}")
    # None lost, none twice, and everybody with what their phone did.
    assert rings == Counter(number(each) for each in range(CONTACTS))
    assert {each["to_number"] for each in lines} == set(rings)
    assert len(lines) == len(dialed) == CONTACTS
    fifth = CONTACTS // 5
    assert progress["by_disposition"] == {
        "busy": 2 * fifth, "no_answer": fifth, "failed": fifth, "no_response": fifth,
    }  # fmt: skip
    assert pace == pytest.approx(PACE, rel=0.05)


WARMING = [number(each) for each in range(9000, 9020)]


async def _warm(up: Up) -> None:
    """A few calls, so that what is measured is no cold start."""
    where, _ = await up.campaign("\n".join(["to_number", *WARMING]), retry=ONCE)
    await up.start(where)
    await up.done(where, 120)


PAUSING = [number(each) for each in range(8000, 8040)]


async def _pause(up: Up) -> None:
    """Paused, nothing new rings within five seconds; then everybody is phoned, once."""
    where, _ = await up.campaign("\n".join(["to_number", *PAUSING]), retry=ONCE)
    await up.start(where)

    async def rung() -> int:
        rings = await up.rings()
        return sum(rings[each] for each in PAUSING)

    async with asyncio.timeout(60):
        while await rung() < 5:
            await asyncio.sleep(0.2)
    await up.ask("PATCH", where, json={"state": "paused"})
    await asyncio.sleep(5)
    paused = await rung()
    # Long enough for a dozen at this pace.
    await asyncio.sleep(6)
    assert await rung() == paused < len(PAUSING)
    await up.start(where)
    await up.done(where, 120)
    assert await rung() == len(PAUSING)


async def _dialed(up: Up, where: str) -> list[datetime]:
    """When each call of a campaign was dialled."""
    campaign = where.rpartition("/")[2]
    found: list[datetime] = []
    cursor = ""
    while cursor is not None:
        page = await up.ask(
            "GET", f"/calls?campaign={campaign}&limit=100{cursor and f'&cursor={cursor}'}"
        )
        found += [
            datetime.fromisoformat(entry["at"])
            for call in page["calls"]
            for entry in call["timeline"]
            if entry["event"] == "dialing"
        ]
        cursor = page["cursor"]
    return found
