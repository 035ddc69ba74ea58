"""The world of one call that is tried: the product's own, without sound and without a network."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx

from calls import agents
from calls.adapters.guarded_http import GuardedHttp
from calls.agent import Agent
from calls.call import Call, Status, Turn, now
from calls.schedule import ScheduleRequest
from calls.scheduling import Scheduled, Scheduler
from calls.settings import Settings
from evals.memory import DoNotCall, Greetings, Records, Schedules, Secrets, Telephony, Timer
from evals.phone import STREAM_SID
from evals.sound import Ears, Instant, Voice
from evals.suite import Callee, Suite
from media_service.listening.models import Models
from media_service.signed_http import SignedHttp
from media_service.vendors import Vendors
from media_service.world import World

CALL_ID = "01EVA00000000000000000CALL"
CALLEE, OURS = "+15550100001", "+15550000001"
CALL_SID = "CA00000000000000000000000000000001"
CLOCK = datetime(2026, 3, 3, 15, tzinfo=UTC)
"""A Tuesday, ten in the morning in New York: what the tools are told, each time the same."""
MAX_SECONDS = 180


class _Vendors(Vendors):
    """The product's models, and nothing that sounds."""

    def __init__(
        self, settings: Settings, secrets: Secrets, ears: Ears, written: list[str]
    ) -> None:
        super().__init__(settings, secrets)
        self._ears = ears
        self._written = written
        self.prompt = ""
        """The system message that was sent."""

    def stt(self, agent: Agent) -> Any:
        """Ears that are told."""
        return self._ears

    def tts(self, agent: Agent) -> Any:
        """A voice that is not heard."""
        return Voice(agent.language, self._written)

    def llm(self, agent: Agent, prompt: str) -> Any:
        """See the product's."""
        self.prompt = prompt
        return super().llm(agent, prompt)


class _Scheduler(Scheduler):
    """The product's, for schedules that are never due: of an agent that may not be in agents/ yet,
    they are kept under the name of one that is."""

    def create(
        self, asked: ScheduleRequest, *, api_key: str, idempotency_key: str | None = None
    ) -> Scheduled:
        """See the product's."""
        if asked.request.agent not in agents.names():
            known = asked.request.model_copy(update={"agent": self.settings.default_agent})
            asked = asked.model_copy(update={"request": known})
        return super().create(asked, api_key=api_key, idempotency_key=idempotency_key)


class Stage:
    """What one call is played on.

    Args:
        said: takes every turn, as it is written.
        changed: takes the record before and after every change.
        ends: called when the call is hung up from our side.
    """

    def __init__(
        self,
        agent: Agent,
        callee: Callee,
        settings: Settings,
        secrets: Secrets,
        ears: Ears,
        said: Callable[[Turn], None],
        changed: Callable[[Call, Call], None],
        ends: Callable[[], None],
    ) -> None:
        self.agent = agent
        self.records = Records(said, changed)
        self.do_not_call = DoNotCall(self.records)
        self.written: list[str] = []
        self.settings, self.secrets = settings, secrets
        self.vendors = _Vendors(settings, secrets, ears, self.written)
        self.world = World(
            settings=settings,
            records=self.records,
            telephony=Telephony(ends),
            vendors=self.vendors,
            models=cast("Models", Instant()),
            greetings=Greetings(),
            do_not_call=self.do_not_call,
            http=SignedHttp(secrets, _servers(callee.answers)),
            scheduler=_Scheduler(Schedules(), Timer(), settings, lambda: CLOCK),
            agent=lambda _: agent,
        )

    def answered(self, suite: Suite, callee: Callee) -> Call:
        """The call, picked up just now, its first leg claimed."""
        inbound = suite.direction == "inbound"
        at = now()
        call = Call(
            call_id=CALL_ID, call_sid=CALL_SID, agent=self.agent.name, api_key="eval",
            direction=suite.direction, status=Status.IN_PROGRESS, created_at=at, answered_at=at,
            to_number=OURS if inbound else CALLEE, from_number=CALLEE if inbound else OURS,
            variables=callee.variables, time_zone=callee.time_zone,
            max_call_seconds=MAX_SECONDS, stream_until=at + timedelta(seconds=2 * MAX_SECONDS),
        )  # fmt: skip
        self.records.create(call)
        return self.records.update(CALL_ID, lambda call: call.claim_leg(1, STREAM_SID, at))

    async def aclose(self) -> None:
        """Close what the call's connections share."""
        await self.vendors.aclose()


def _servers(answers: Mapping[str, Any]) -> GuardedHttp:
    """The user's own servers, which say what the suite has them say."""

    def serve(request: httpx.Request) -> httpx.Response:
        tool = json.loads(request.content).get("tool")
        if tool is None:
            return httpx.Response(204)
        return httpx.Response(200, json=answers[tool]) if tool in answers else httpx.Response(404)

    return GuardedHttp(
        resolver=lambda host, port: ["93.184.215.14"], transport=httpx.MockTransport(serve)
    )
