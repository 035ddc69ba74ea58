"""The public API as far as the console asks it, with fixed records, on an origin of its own.

What it answers is held to docs/openapi.json by test_console_api.py. Browsers are let in as the
stack's gateway lets them in (infra/gateway.py), and recordings lie on a third origin, as in S3.
"""

import io
import json
import wave
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "key-of-the-test"
HEADERS = "authorization, content-type, idempotency-key"
EXPOSED = "date, dialout-cursor, idempotent-replayed, location, retry-after"
TALK_ID, RING_ID, ENDED_ID = (f"01K{letter * 23}" for letter in "TRE")
CAMPAIGN_ID, DRAFT_ID, SCHEDULE_ID = (f"01K{letter * 23}" for letter in "CDS")
HOSTILE = "<img src=x onerror='window.hacked = true'><script>window.hacked = true</script>"
Json = dict[str, Any]


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def turn(number: int, role: str, text: str, at: datetime, parts: tuple[int, ...] = ()) -> Json:
    names = ("turn_ms", "token_ms", "voice_ms", "sound_ms")
    return {
        "number": number, "role": role, "text": text, "at": iso(at), "interrupted": False,
        "kind": None if role == "callee" else "reply",
        "latency_ms": sum(parts) if parts else None,
        "latency": dict(zip(names, parts, strict=True)) if parts else None,
    }  # fmt: skip


def call(call_id: str, status: str, at: datetime, **changes: Any) -> Json:
    """A call of ten seconds ago, or so."""
    rings, answers = at + timedelta(seconds=1), at + timedelta(seconds=4)
    events = [("dialing", at), ("ringing", rings), ("in_progress", answers)]
    timeline = [{"at": iso(when), "event": event, "detail": None} for event, when in events]
    known = {"dialing": 1, "ringing": 2}.get(status, 3)
    if known == 3:
        timeline[2]["event"] = "answered"
    return {
        "call_id": call_id, "call_sid": "CA" + "1" * 32, "status": status, "end_reason": None,
        "direction": "outbound", "to_number": "+15550100001", "from_number": "+15550000001",
        "time_zone": None, "agent": "amelia", "purpose": "informational", "consent": None,
        "variables": {}, "metadata": {}, "webhook_url": None, "api_key": "night-shift",
        "schedule_id": None, "campaign_id": None, "contact_id": None, "attempt": None,
        "created_at": iso(at), "answered_at": iso(answers) if known == 3 else None,
        "ended_at": None, "duration_seconds": None, "max_call_seconds": 600, "answered_by": None,
        "answer_to_first_audio_ms": None, "outcome": None, "summary": None, "disposition": None,
        "debriefed_at": None, "recording": None, "timeline": timeline[:known], "transcript": None,
        "latency": None, **changes,
    }  # fmt: skip


def ended_call(at: datetime) -> Json:
    """A call of twenty seconds, hostile words in it."""
    answered = at + timedelta(seconds=4)

    def later(seconds: float) -> datetime:
        return answered + timedelta(seconds=seconds)

    made = call(
        ENDED_ID, "ended", at,
        end_reason="agent_hung_up", ended_at=iso(later(20)), duration_seconds=20,
        answered_by="human", answer_to_first_audio_ms=37, disposition="completed",
        debriefed_at=iso(later(25)), latency={"p50_ms": 620, "p95_ms": 1480, "turns": 2},
        summary=f"Sarah's shoes have arrived. {HOSTILE}",
        outcome={"arrived": True, "comment": HOSTILE, "wants_help": None},
        variables={"customer_name": "Sarah"}, metadata={"order": HOSTILE},
        recording={
            "recording_sid": "RE" + "1" * 32, "status": "completed", "duration_seconds": 20,
            "channels": 2, "url": "https://api.test/recording",
        },
        transcript=[
            turn(1, "agent", "Hi Sarah, this is Amelia from Northwind.", later(0.2)),
            turn(2, "callee", HOSTILE, later(5)),
            turn(3, "agent", "Great to meet you.", later(9), (318, 214, 87, 1)),
            turn(4, "callee", "They fit very well.", later(13)),
            turn(5, "agent", "Thank you. Goodbye!", later(16), (520, 700, 240, 20)),
        ],
    )  # fmt: skip
    made["transcript"][0]["kind"] = "greeting"
    made["transcript"][4] |= {"kind": "goodbye", "interrupted": True}
    made["timeline"] += [
        {"at": iso(later(0.1)), "event": "recording", "detail": None},
        {"at": iso(later(18)), "event": "tool", "detail": HOSTILE},
        {"at": iso(later(20)), "event": "ended", "detail": None},
    ]
    return made


def campaign(campaign_id: str, name: str, state: str, at: datetime, **states: int) -> Json:
    made, done = iso(at), states.get("done", 0)
    came_to = {"completed": done - done // 4, "no_answer": done // 4} if done else {}
    return {
        "campaign_id": campaign_id, "name": name, "state": state, "paused_because": None,
        "agent": "reminder", "from_number": "+15550000001", "calling_window": "10:00-18:00",
        "time_zone": None, "max_call_seconds": None, "retry": {}, "max_attempts": 3,
        "breaker": {}, "consent": None, "webhook_url": None, "metadata": {}, "created_at": made,
        "updated_at": made, "started_at": None if state == "draft" else made, "ended_at": None,
        "api_key": "night-shift",
        "progress": {
            "contacts": sum(states.values()), "by_state": states,
            "by_disposition": came_to,
            "attempts_per_minute": 4.2 if state == "running" else None,
            "ends_at": iso(at + timedelta(hours=2)) if state == "running" else None,
        },
    }  # fmt: skip


def schedule(at: datetime) -> Json:
    return {
        "schedule_id": SCHEDULE_ID, "name": "wake-up", "state": "active", "at": None,
        "cron": "30 7 ? * MON-FRI *", "rate": None, "time_zone": "Europe/Berlin", "start": None,
        "end": None, "next_at": iso(at + timedelta(hours=9)), "created_at": iso(at),
        "updated_at": iso(at), "api_key": "night-shift", "last_call_id": ENDED_ID,
        "request": {"to_number": "+15550100002", "agent": "wake_up"},
    }  # fmt: skip


def contact(number: int, state: str, at: datetime, disposition: str | None = None) -> Json:
    return {
        "contact_id": f"{number:024x}", "to_number": f"+1555010{number:04}", "variables": {},
        "time_zone": None, "metadata": {}, "state": state, "attempts": 1 if disposition else 0,
        "next_at": iso(at + timedelta(minutes=9)) if state == "waiting" else None,
        "disposition": disposition, "last_call_id": ENDED_ID if disposition else None,
        "outcome": None, "duration_seconds": None, "added_at": iso(at), "updated_at": iso(at),
    }  # fmt: skip


def recording(seconds: float) -> bytes:
    """WAV: the callee's tone on the left, where it is their turn, the agent's on the right."""
    rate = 8000
    at = np.arange(int(seconds * rate)) / rate
    swell = 0.55 + 0.45 * np.sin(2 * np.pi * 3 * at)
    agent = ((at % 7) < 4) * swell * np.sin(2 * np.pi * 220 * at)
    callee = ((at % 7) >= 4.6) * swell * np.sin(2 * np.pi * 160 * at)
    samples = (np.stack([callee, agent], axis=1) * 12_000).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples.tobytes())
    return file.getvalue()


class PublicApi:
    """Two servers: the API, and where recordings lie. Tests change what it knows as it goes."""

    def __init__(self) -> None:
        self.origin = ""
        """The page's that may ask."""
        at = datetime.now(UTC)
        self.keys = {KEY}
        self.asked: list[tuple[str, str, Any]] = []
        """Method, path and body of what changes something."""
        self.trouble: Callable[[web.Request], web.Response | None] = lambda _: None
        """What is answered instead, of some requests."""
        self.calls: dict[str, Json] = {
            each["call_id"]: each
            for each in (
                call(TALK_ID, "in_progress", at - timedelta(seconds=42), campaign_id=CAMPAIGN_ID,
                     attempt=1, to_number="+15550100007", agent="reminder"),
                call(RING_ID, "ringing", at - timedelta(seconds=3), to_number="+15550100003"),
                ended_call(at - timedelta(minutes=4)),
            )
        }  # fmt: skip
        self.campaigns = {
            CAMPAIGN_ID: campaign(CAMPAIGN_ID, "spring appointments", "running",
                                  at - timedelta(hours=1), done=60, settling=1, calling=3,
                                  waiting=11, pending=45),
            DRAFT_ID: campaign(DRAFT_ID, f"survey {HOSTILE}", "draft", at, pending=2500),
        }  # fmt: skip
        self.contacts = [
            contact(1, "done", at, "completed"), contact(2, "waiting", at),
            contact(3, "pending", at),
        ]  # fmt: skip
        self.schedules = {SCHEDULE_ID: schedule(at)}
        alive = {"seats": 10, "live": 1, "draining": False, "beat_at": iso(at)}
        self.fleet: Json = {
            "seats": 20, "taken": 2, "free": 18, "calls_per_second": 1.0,
            "tasks": [{"task_id": "a" * 32, **alive}, {"task_id": "b" * 32, **alive}],
        }  # fmt: skip
        self.wav = recording(20)
        self._api, self._store = TestServer(self._app()), TestServer(self._bucket())

    async def __aenter__(self) -> "PublicApi":
        await self._api.start_server()
        await self._store.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.close()
        await self._store.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._api.port}"

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._gateway])
        app.add_routes(
            [
                web.get("/fleet", self._seats),
                web.get("/calls", self._listed),
                web.get("/{kind:calls|campaigns}/{id}", self._one),
                web.delete("/calls/{id}", self._ended),
                web.get("/calls/{id}/recording", self._address),
                web.get("/campaigns", self._campaigns),
                web.patch("/{kind:campaigns|schedules}/{id}", self._changed),
                web.get("/campaigns/{id}/contacts", self._contacts),
                web.get("/campaigns/{id}/preview", self._preview),
                web.get("/schedules", self._schedules),
                web.delete("/schedules/{id}", self._cancelled),
            ]
        )
        return app

    @web.middleware
    async def _gateway(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.method == "OPTIONS":
            answer: web.StreamResponse = web.Response(status=204)
        elif (trouble := self.trouble(request)) is not None:
            answer = trouble
        elif request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.keys:
            answer = problem(401, "unauthorized", "this API key is not known, or was revoked")
        else:
            answer = await handler(request)
        if request.headers.get("Origin") == self.origin:
            answer.headers["Access-Control-Allow-Origin"] = self.origin
            answer.headers["Access-Control-Expose-Headers"] = EXPOSED
            if request.method == "OPTIONS":
                answer.headers["Access-Control-Allow-Methods"] = "GET,POST,PUT,PATCH,DELETE"
                answer.headers["Access-Control-Allow-Headers"] = HEADERS
        return answer

    def _bucket(self) -> web.Application:
        async def fetch(request: web.Request) -> web.Response:
            # A page that followed a redirect from one origin to another would come from `null`.
            assert request.headers["Origin"] == self.origin
            assert "Authorization" not in request.headers
            headers = {"Access-Control-Allow-Origin": self.origin}
            return web.Response(body=self.wav, content_type="audio/wav", headers=headers)

        app = web.Application()
        app.add_routes([web.get("/recordings/{name}", fetch)])
        return app

    async def _listed(self, request: web.Request) -> web.Response:
        wanted = request.query.get("status")
        shown = [
            {**each, "transcript": None, "latency": None}
            for each in sorted(self.calls.values(), key=lambda each: each["call_id"], reverse=True)
            if wanted in (None, each["status"])
            or (wanted == "open" and each["status"] != "ended")
        ]  # fmt: skip
        return await _json({"calls": shown, "cursor": None})

    async def _seats(self, _: web.Request) -> web.Response:
        return await _json(self.fleet)

    async def _preview(self, _: web.Request) -> web.Response:
        return await _json(PREVIEW)

    def _known(self, request: web.Request) -> dict[str, Json]:
        found: dict[str, Json] = getattr(self, request.match_info["kind"])
        return found

    async def _one(self, request: web.Request) -> web.Response:
        found = self._known(request).get(request.match_info["id"])
        return await _json(found) if found else problem(404, "not_found", "there is no such thing")

    async def _ended(self, request: web.Request) -> web.Response:
        self.asked.append(("DELETE", request.path, None))
        at = iso(datetime.now(UTC))
        self.calls[request.match_info["id"]] |= {
            "status": "ended", "end_reason": "canceled", "ended_at": at, "disposition": "canceled",
            "debriefed_at": at,
        }  # fmt: skip
        return await _json(self.calls[request.match_info["id"]])

    async def _address(self, request: web.Request) -> web.Response:
        assert request.headers["Accept"] == "application/json"
        url = f"http://127.0.0.1:{self._store.port}/recordings/{request.match_info['id']}.wav?x=1"
        until = datetime.now(UTC) + timedelta(minutes=5)
        return await _json({"url": url, "expires_at": iso(until)})

    async def _campaigns(self, _: web.Request) -> web.Response:
        summaries = [
            {name: value for name, value in each.items() if name != "progress"}
            for each in self.campaigns.values()
        ]
        return await _json({"campaigns": summaries, "cursor": None})

    async def _contacts(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.campaigns:
            return problem(404, "campaign_not_found", "there is no such campaign")
        wanted = request.query.get("disposition")
        shown = [each for each in self.contacts if wanted in (None, each["disposition"])]
        return await _json({"contacts": shown, "cursor": None})

    async def _schedules(self, _: web.Request) -> web.Response:
        return await _json({"schedules": list(self.schedules.values()), "cursor": None})

    async def _changed(self, request: web.Request) -> web.Response:
        body, known = await request.json(), self._known(request)
        self.asked.append(("PATCH", request.path, body))
        known[request.match_info["id"]] |= {**body, "updated_at": iso(datetime.now(UTC))}
        return await _json(known[request.match_info["id"]])

    async def _cancelled(self, request: web.Request) -> web.Response:
        self.asked.append(("DELETE", request.path, None))
        self.schedules[request.match_info["id"]] |= {"state": "cancelled", "next_at": None}
        return await _json(self.schedules[request.match_info["id"]])


PREVIEW: Json = {
    "contacts": 2500, "will_be_called": 2300, "of_them_later": 120,
    "skipped": {"do_not_call": 150, "country_not_allowed": 50}, "estimated": False,
    "calls_per_second": 1.0, "seats": 18, "average_call_seconds": 90, "seconds": 11_500,
    "usd": 84.5, "usd_per_call": 0.0367,
}  # fmt: skip


async def _json(body: Json) -> web.Response:
    return web.json_response(body)


def problem(status: int, code: str, detail: str, **headers: str) -> web.Response:
    """As functions/problems.py answers."""
    body = {"type": f"urn:dialout:problem:{code}", "title": "", "status": status, "code": code}
    return web.Response(
        status=status, body=json.dumps({**body, "detail": detail}), headers=headers,
        content_type="application/problem+json",
    )  # fmt: skip
