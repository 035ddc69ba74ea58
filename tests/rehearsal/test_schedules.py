"""Timed calls in the local cloud: its own scheduler fires them, and a phone rings, or none does."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from calls.call import now
from rehearsal import placed_call, scenario, verdict
from rehearsal.cloud.client import client
from rehearsal.cloud.deployment import Deployment
from rehearsal.placed_call import PlacedCall
from rehearsal.plan import API_KEY, FROM_NUMBER, plan
from rehearsal.world import free_port, world

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Up:
    """A whole world. Two people will talk; whoever else is phoned is busy."""

    deployment: Deployment
    origin: str
    api: httpx.AsyncClient
    network: httpx.AsyncClient
    talking: "asyncio.Task[dict[str, PlacedCall]] | None" = None

    def cloud(self, service: str) -> Any:
        """A client of the local cloud's."""
        return client(service, self.deployment.endpoint)

    async def schedule(self, number: str, **when: Any) -> str:
        request = {"to_number": number, "from_number": FROM_NUMBER}
        answer = await self.api.post("/schedules", json={**when, "request": request})
        assert answer.status_code == 201, answer.text
        schedule_id: str = answer.json()["schedule_id"]
        return schedule_id

    async def get(self, path: str) -> Any:
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def rings(self, number: str) -> int:
        """How often this phone was rung."""
        calls = (await self.network.get("/_rehearsal/calls")).json()
        return sum(call["to"] == number for call in calls)

    async def ended(self, schedule_id: str) -> Any:
        """The last call of a schedule, when it is over."""

        async def over() -> Any:
            made = await self.get(f"/schedules/{schedule_id}")
            call = made["last_call_id"] and await self.get(f"/calls/{made['last_call_id']}")
            return call if call and call["status"] == "ended" else None

        return await until(over)

    async def fire(self, schedule_id: str, execution: str, ago: timedelta) -> None:
        """A firing, as the scheduler puts it on the queue."""
        due_at = (now() - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "schedule_id": schedule_id, "timer": 1, "execution_id": execution, "due_at": due_at,
        }  # fmt: skip
        await self._put(self.deployment.timed_queue_url, MessageBody=json.dumps(body))

    async def fire_in_vain(self, schedule_id: str, execution: str, ago: timedelta) -> None:
        """A firing that could not be put on the queue, as the scheduler gives it up."""
        told = {
            "ERROR_CODE": "AccessDeniedException",
            "EXECUTION_ID": execution,
            "SCHEDULED_TIME": (now() - ago).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "SCHEDULE_ARN": f"arn:aws:scheduler:us-east-1:0:schedule/group/{schedule_id}-1",
        }
        arn = self.deployment.environment["DIALOUT_SCHEDULE_DEAD_LETTERS_ARN"]
        queue = self.cloud("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        attributes = {
            name: {"DataType": "String", "StringValue": value} for name, value in told.items()
        }
        await self._put(queue, MessageBody="{}", MessageAttributes=attributes)

    async def _put(self, queue: str, **message: Any) -> None:
        await asyncio.to_thread(self.cloud("sqs").send_message, QueueUrl=queue, **message)


async def until(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, as soon as it finds something."""
    async with asyncio.timeout(30):
        while not (found := await look()):
            await asyncio.sleep(0.2)
    return found


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


CONVERSATIONS = ("reminder-confirmed", "wake-up")
CONVERSING = 90
"""Seconds that both of them have at most, from their time on."""


async def converse(up: Up, folder: Path) -> dict[str, PlacedCall]:
    """Have the agents phone when it is time; the calls, once they are over."""
    made = {}
    for name in CONVERSATIONS:
        body = {"at": soon(8), "request": scenario.load(name).request}
        answer = await up.api.post("/schedules", json=body)
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["schedule_id"]

    async def followed(schedule_id: str) -> PlacedCall:
        async def phoned() -> Any:
            return (await up.get(f"/schedules/{schedule_id}"))["last_call_id"]

        call_id = await until(phoned)
        where = (up.origin, API_KEY)
        return await placed_call.follow(*where, call_id, folder, lambda _: None, seconds=CONVERSING)

    calls = await asyncio.gather(*(followed(each) for each in made.values()))
    return dict(zip(made, calls, strict=True))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def up(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    bearer = {"Authorization": f"Bearer {API_KEY}"}
    async with AsyncExitStack() as stack:
        # Whoever is no scenario's callee is busy.
        whole = await stack.enter_async_context(
            world(plan({}, free_port()), "busy", lambda _: None)
        )
        api, network = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, headers=bearer, timeout=30, trust_env=False)
            )
            for url in (whole.plan.origin, whole.twilio_url)
        ]
        made = Up(whole.deployment, whole.plan.origin, api, network)
        # They talk while the other tests go on.
        talking = asyncio.create_task(converse(made, tmp_path_factory.mktemp("recordings")))
        stack.callback(talking.cancel)
        yield replace(made, talking=talking)


@pytest.mark.timeout(300)  # The first build ever installs the functions' dependencies.
async def test_when_it_is_due_the_phone_rings_and_of_what_is_paused_it_does_not(up: Up) -> None:
    paused = await up.schedule("+15550107001", at=soon(6))
    answer = await up.api.patch(f"/schedules/{paused}", json={"state": "paused"})
    assert answer.json()["state"] == "paused"
    due = await up.schedule("+15550107002", at=soon(6))
    # In the callee's own time: as UTC it would be hours ago.
    tokyo = datetime.now(UTC) + timedelta(hours=9, seconds=6)
    local = await up.schedule(
        "+15550107003", at=tokyo.strftime("%Y-%m-%dT%H:%M:%S"), time_zone="Asia/Tokyo"
    )

    for schedule_id in (due, local):
        call = await up.ended(schedule_id)
        assert (call["end_reason"], call["schedule_id"]) == ("busy", schedule_id)
        assert (await up.get(f"/schedules/{schedule_id}"))["state"] == "finished"
    for number, times in (("+15550107001", 0), ("+15550107002", 1), ("+15550107003", 1)):
        assert await up.rings(number) == times
    # What has fired for the last time has no timer any more, and what is paused has none.
    timers = up.cloud("scheduler").list_schedules()["Schedules"]
    left = {timer["Name"].rpartition("-")[0] for timer in timers}
    assert not left & {paused, due, local}
    assert (await up.get(f"/schedules/{paused}"))["state"] == "paused"


@pytest.mark.timeout(120)
async def test_a_firing_that_comes_twice_is_one_call_and_one_that_is_late_is_none(up: Up) -> None:
    twice, late, lost = [
        await up.schedule(f"+1555010700{last}", rate="1 day") for last in (4, 5, 8)
    ]
    for _ in range(2):
        await up.fire(twice, "execution-1", timedelta(0))
        await up.fire_in_vain(lost, "execution-4", timedelta(minutes=6))
    await up.fire(late, "execution-2", timedelta(minutes=6))

    call = await up.ended(lost)
    assert call["end_reason"] == "too_late"
    assert ("undelivered", "AccessDeniedException") in [
        (each["event"], each["detail"]) for each in call["timeline"]
    ]
    assert (await up.ended(late))["end_reason"] == "too_late"
    assert (await up.ended(twice))["end_reason"] == "busy"
    # Another firing of the same schedule rings again; then both of the first have been seen.
    await up.fire(twice, "execution-3", timedelta(0))

    async def rung_again() -> bool:
        return await up.rings("+15550107004") == 2

    await until(rung_again)
    calls = (await up.get("/calls"))["calls"]
    assert sum(call["schedule_id"] == twice for call in calls) == 2
    assert sum(call["schedule_id"] == lost for call in calls) == 1
    for number in ("+15550107005", "+15550107008"):
        assert await up.rings(number) == 0


async def dialout(up: Up, *argv: str) -> tuple[int, str, str]:
    """The command as a person runs it: exit code and what it said, out and err."""
    run = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("dialout")), *argv,
        env={**os.environ, "DIALOUT_API_URL": str(up.api.base_url), "DIALOUT_API_KEY": API_KEY},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await run.communicate()
    return run.returncode or 0, out.decode(), err.decode()


@pytest.mark.timeout(120)
async def test_the_command_does_what_it_says(up: Up) -> None:
    from_number = ("--from", FROM_NUMBER)
    code, out, err = await dialout(up, "do-not-call", "add", "+15550107007", "--reason", "asked")
    assert (code, "listed" in out) == (0, True), err
    code, out, err = await dialout(
        up, "schedule", "add", "+15550107006", "--at", soon(6), *from_number, "--json"
    )
    assert code == 0, err
    scheduled = json.loads(out)

    code, out, err = await dialout(up, "call", "+15550107007", "--dry-run", *from_number)
    rows = [line.split() for line in out.splitlines()]
    assert code == 1, err
    assert [row[1] for row in rows if row[:1] == ["do_not_call"]] == ["forbids"]

    call_id = (await up.ended(scheduled["schedule_id"]))["call_id"]
    code, out, err = await dialout(up, "calls", "show", call_id, "--json")
    shown = json.loads(out)
    assert code == 0, err
    assert (shown["end_reason"], shown["to_number"]) == ("busy", "+15550107006")
    assert await up.rings("+15550107007") == 0


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_an_agent_phones_when_it_is_time_and_does_what_it_is_for(up: Up, name: str) -> None:
    assert up.talking is not None
    call = (await up.talking)[name]
    wanted = scenario.load(name)
    said = [(turn["role"], turn["text"]) for turn in call.record["transcript"]]
    assert verdict.shortfalls(wanted.goal, call.record, listed=call.listed) == [], said
    assert call.record["agent"] == wanted.request["agent"]
    made = await up.get(f"/schedules/{call.record['schedule_id']}")
    assert (made["state"], made["last_call_id"]) == ("finished", call.record["call_id"])
    assert await up.rings(wanted.person) == 1
    # Not before its time.
    answered = datetime.fromisoformat(call.record["answered_at"])
    assert answered >= datetime.fromisoformat(made["at"])
