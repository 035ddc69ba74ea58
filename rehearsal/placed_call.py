"""One call through the public API: asked for, followed to its end, its recording fetched."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from rehearsal.happening import Follower, Happening

_POLL_SECONDS = 0.7
_RECORDING_SECONDS = 20.0
"""So long after its end a call may still wait for its recording."""
_DEBRIEFING_SECONDS = 20.0
"""And for what came of it: without an LLM that is found out much later."""
_RECEIVING_SECONDS = 20.0
"""From the caller's dialling to the record."""


class NotPlacedError(Exception):
    """The API refused, or does not know what came of it. The message is its answer.

    Attributes:
        status: of the answer.
        problem: its body.
        retry_after: the header, in seconds; None without it.
    """

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"POST /dialout: {answer.status_code} {answer.text}")
        self.status = answer.status_code
        self.retry_after = answer.headers.get("retry-after")
        self.problem: dict[str, Any] = {}
        if answer.headers.get("content-type", "").startswith("application/problem+json"):
            self.problem = answer.json()


class NotReceivedError(Exception):
    """Somebody phoned, and we know nothing of it."""


class RecordingError(Exception):
    """The recording is said to be there, and cannot be had. The message is the API's answer."""


class NeverEndedError(Exception):
    """The call went on for longer than it may."""


@dataclass(frozen=True)
class PlacedCall:
    """A call that is over."""

    record: dict[str, Any]
    """The body of ``GET /calls/{id}``."""
    recording: Path | None
    listed: bool = False
    """The other person's number is on the do-not-call list."""


async def place(
    origin: str,
    api_key: str,
    request: dict[str, Any],
    folder: Path,
    tell: Callable[[Happening], None],
    *,
    seconds: float = 300,
) -> PlacedCall:
    """Phone, follow the call, and keep its recording in ``folder``.

    Raises:
        NotPlacedError: the API did not take the request.
        NeverEndedError: it has not ended after ``seconds``.
        RecordingError: its recording cannot be had.
    """
    async with _api(origin, api_key) as api:
        answer = await api.post("/dialout", json=request)
        if answer.status_code != 201:
            raise NotPlacedError(answer)
        return await _whole(api, answer.json()["call_id"], folder, tell, seconds)


async def receive(
    origin: str,
    api_key: str,
    call_sid: str,
    folder: Path,
    tell: Callable[[Happening], None],
    *,
    seconds: float = 300,
) -> PlacedCall:
    """As ``place``, of a call that somebody makes to us.

    Raises:
        NotReceivedError: there is no record of it.
        NeverEndedError: it has not ended after ``seconds``.
        RecordingError: its recording cannot be had.
    """
    async with _api(origin, api_key) as api:
        call_id = await _received(api, call_sid)
        return await _whole(api, call_id, folder, tell, seconds)


async def follow(
    origin: str,
    api_key: str,
    call_id: str,
    folder: Path,
    tell: Callable[[Happening], None],
    *,
    seconds: float = 300,
) -> PlacedCall:
    """As ``place``, of a call that was asked for already.

    Raises:
        NeverEndedError: it has not ended after ``seconds``.
        RecordingError: its recording cannot be had.
    """
    async with _api(origin, api_key) as api:
        return await _whole(api, call_id, folder, tell, seconds)


def _api(origin: str, api_key: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {api_key}"}
    return httpx.AsyncClient(base_url=origin, headers=headers, timeout=30)


async def _received(api: httpx.AsyncClient, call_sid: str) -> str:
    give_up = time.monotonic() + _RECEIVING_SECONDS
    while time.monotonic() < give_up:
        answer = await api.get("/calls")
        answer.raise_for_status()
        for record in answer.json()["calls"]:
            if record["call_sid"] == call_sid:
                return str(record["call_id"])
        await asyncio.sleep(_POLL_SECONDS)
    raise NotReceivedError(f"{call_sid} phoned, and there is no record of it")


async def _whole(
    api: httpx.AsyncClient,
    call_id: str,
    folder: Path,
    tell: Callable[[Happening], None],
    seconds: float,
) -> PlacedCall:
    record = await _follow(api, call_id, tell, seconds)
    person = record["from_number" if record["direction"] == "inbound" else "to_number"]
    listing = await api.get(f"/do-not-call/{person}")
    return PlacedCall(record, await _fetch(api, record, folder), listing.status_code == 200)


async def _follow(
    api: httpx.AsyncClient, call_id: str, tell: Callable[[Happening], None], seconds: float
) -> dict[str, Any]:
    follower = Follower()
    give_up = time.monotonic() + seconds
    ended: float | None = None
    while True:
        answer = await api.get(f"/calls/{call_id}")
        answer.raise_for_status()
        record: dict[str, Any] = answer.json()
        for happening in follower.news(record):
            tell(happening)
        now = time.monotonic()
        if record["status"] == "ended":
            ended = ended or now
            if not _is_due(record, now - ended):
                return record
        if now > give_up:
            raise NeverEndedError(f"call {call_id} has not ended after {seconds:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)


def _is_due(record: dict[str, Any], seconds: float) -> bool:
    """Whether there is more to come, so many seconds after the end."""
    recording = (record["recording"] or {}).get("status") == "in-progress"
    debriefing = record["debriefed_at"] is None
    return (recording and seconds < _RECORDING_SECONDS) or (
        debriefing and seconds < _DEBRIEFING_SECONDS
    )


async def _fetch(api: httpx.AsyncClient, record: dict[str, Any], folder: Path) -> Path | None:
    if (record["recording"] or {}).get("status") != "completed":
        return None
    call_id = record["call_id"]
    moved = await api.get(f"/calls/{call_id}/recording")
    if moved.status_code != 303:
        raise RecordingError(f"GET /calls/{call_id}/recording: {moved.status_code} {moved.text}")
    # Another host: our key is not for it.
    async with httpx.AsyncClient(timeout=30) as store:
        wav = await store.get(moved.headers["location"])
        wav.raise_for_status()
    path = folder / f"{call_id}.wav"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(path.write_bytes, wav.content)
    return path
