"""Calls in a world whose media tasks come and go: placed, watched, and measured as heard."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from rehearsal import scenario
from rehearsal.cloud.client import client
from rehearsal.plan import API_KEY
from rehearsal.world import World

BEARER = {"Authorization": f"Bearer {API_KEY}"}
SCENARIO = "long-answer"
_PATIENCE = 90.0


@dataclass(frozen=True)
class Watched:
    """One call of a world."""

    up: World
    call_id: str
    sid: str

    async def record(self) -> dict[str, Any]:
        """What ``GET /calls/{id}`` says now."""
        async with _http() as api:
            url = f"{self.up.plan.origin}/calls/{self.call_id}"
            answer = await api.get(url, headers=BEARER)
        answer.raise_for_status()
        record: dict[str, Any] = answer.json()
        return record

    async def events(self) -> list[dict[str, Any]]:
        """What the phone network saw of it."""
        async with _http() as network:
            url = f"{self.up.twilio_url}/_rehearsal/calls/{self.sid}/events"
            events: list[dict[str, Any]] = (await network.get(url)).json()
        return events

    async def until(self, done: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the events are so; the events."""
        give_up = time.monotonic() + _PATIENCE
        while not done(events := await self.events()):
            assert time.monotonic() < give_up, [each["event"] for each in events]
            await asyncio.sleep(0.2)
        return events

    async def ended(self) -> dict[str, Any]:
        """The record, once all is in it."""
        async with asyncio.timeout(_PATIENCE * 2):
            while True:
                record = await self.record()
                recording = record["recording"] or {"status": "completed"}
                if record["debriefed_at"] and recording["status"] == "completed":
                    return record
                await asyncio.sleep(0.3)

    async def recording(self) -> bytes:
        """The only recording that Twilio made, as the API hands it out."""
        async with _http() as api:
            calls = (await api.get(f"{self.up.twilio_url}/_rehearsal/calls")).json()
            (found,) = [each["recordings"] for each in calls if each["sid"] == self.sid]
            assert len(found) == 1
            url = f"{self.up.plan.origin}/calls/{self.call_id}/recording"
            moved = await api.get(url, headers=BEARER)
            wav = await api.get(moved.headers["location"])
        wav.raise_for_status()
        return wav.content


def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=30, trust_env=False)


async def place(
    up: World, number: int | None = None, request: dict[str, Any] | None = None
) -> Watched:
    """One more call: as requested, or of the scenario, under a number of its own where the world's
    default is it."""
    request = request or scenario.load(SCENARIO).request
    if number is not None:
        request = {**request, "to_number": f"+155501009{number:02}"}
    async with _http() as api:
        answer = await api.post(f"{up.plan.origin}/dialout", json=request, headers=BEARER)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return Watched(up, made["call_id"], made["call_sid"])


def count(events: Sequence[dict[str, Any]], event: str) -> int:
    """How often that happened."""
    return sum(each["event"] == event for each in events)


def speaking(events: Sequence[dict[str, Any]]) -> bool:
    """Whether the agent is heard now."""
    return count(events, "agent_speech_started") > count(events, "agent_speech_stopped")


def in_the_answer(events: Sequence[dict[str, Any]]) -> bool:
    """Whether the callee has had its first words, and hears the answer."""
    asked = [each["at"] for each in events if each["event"] == "callee_clip_ended"]
    return len(asked) == 1 and speaking([each for each in events if each["at"] > asked[0]])


def outages(events: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds without a stream, from the end of one to the begin of the next."""
    ends = [
        each["at"] for each in events
        if each["event"] in ("stream_closed", "stream_broken")
    ]  # fmt: skip
    begins = [each["at"] for each in events if each["event"] == "stream_open"][1:]
    return [begin - end for end, begin in zip(ends, begins, strict=False)]


def silence(events: Sequence[dict[str, Any]], at: float) -> float | None:
    """Seconds from an agent's last sound, when its task died at ``at``, to its next.

    None: it was not speaking then, and a silence of the conversation cannot be told from one of
    ours.
    """
    if not speaking([each for each in events if each["at"] <= at]):
        return None
    sounds = [e for e in events if e["at"] > at and e["event"].startswith("agent_speech_")]
    stopped = next(each["at"] for each in sounds if each["event"] == "agent_speech_stopped")
    again = next(
        each["at"] for each in sounds
        if each["event"] == "agent_speech_started" and each["at"] > stopped
    )  # fmt: skip
    return float(again - stopped)


def seats(up: World) -> tuple[int, int]:
    """The seats that are used, and the leases."""
    found = client("dynamodb", up.deployment.endpoint).query(
        TableName=up.deployment.table,
        KeyConditionExpression="pk = :fleet",
        ExpressionAttributeValues={":fleet": {"S": "FLEET"}},
        ConsistentRead=True,
    )["Items"]
    used = [int(item["used"]["N"]) for item in found if item["sk"]["S"] == "SEATS"]
    leases = [item for item in found if item["sk"]["S"].startswith("LEASE#")]
    return (used or [0])[0], len(leases)
