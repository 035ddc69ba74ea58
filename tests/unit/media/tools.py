"""A call's controls for the tests of its tools: they keep what was asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from calls.adapters.guarded_http import Answer
from calls.agent import Agent
from calls.call import Call
from calls.scheduling import Scheduler
from calls.settings import Settings
from calls.tools import TransferTarget
from media_service.speaking.words import Words
from media_service.tools.controls import Controls
from media_service.tools.uses import Uses
from tests.clock import Clock
from tests.fakes import FakeSchedules, FakeTimer

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
"""A Monday, 10 in the morning in New York."""


def call(**changes: Any) -> Call:
    one = Call(
        call_id="01JD00000000000000000000CA", to_number="+12125550100",
        from_number="+15550000001", agent="amelia", api_key="crm", created_at=AT,
        max_call_seconds=600, stream_until=AT + timedelta(minutes=10), active_leg=1,
    )  # fmt: skip
    return one.model_copy(update=changes)


def agent(**changes: Any) -> Agent:
    return Agent(name="amelia", prompt="You are Amelia.", **changes)


@dataclass
class Desk:
    """What a call does for its tools."""

    call: Call = field(default_factory=call)
    agent: Agent = field(default_factory=agent)
    did: list[tuple[Any, ...]] = field(default_factory=list)
    leaving: bool = False
    records: bool = True
    answer: Answer | Exception = field(default_factory=lambda: Answer(200, b"{}", {}))
    schedules: FakeSchedules = field(default_factory=FakeSchedules)
    clock: Clock = field(default_factory=lambda: Clock(AT))
    ours: bool = True
    callee_turn: int = 2
    keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = Words(self.agent)
        self.uses = Uses(
            self.call.call_id, self.call.tool_uses, lambda: self.callee_turn, self._change
        )

    @property
    def scheduler(self) -> Scheduler:
        settings = Settings(public_api_url="https://api.test", public_ws_url="wss://media.test/ws")
        return Scheduler(self.schedules, FakeTimer(), settings, self.clock)

    def controls(self) -> Controls:
        return Controls(
            call=self.call, agent=self.agent, words=self.words,
            leaving=lambda: self.leaving, change=self._change,
            hang_up=lambda: self.did.append(("hang up",)),
            transfer=self._transfer,
            opt_out=lambda reason: self.did.append(("opt out", reason)),
            record=self._record, press=self._press, fill=self._fill, scheduler=self.scheduler,
            post=self._post, holds=self._holds, uses=self.uses,
        )  # fmt: skip

    def _change(self, change: Any) -> None:
        self.call = change(self.call)

    def _transfer(self, name: str, target: TransferTarget) -> None:
        self.did.append(("transfer", name, target.number))

    async def _record(self) -> bool:
        self.did.append(("record",))
        return self.records

    async def _press(self, digits: str) -> None:
        self.did.append(("press", digits))

    async def _fill(self, words: str) -> None:
        self.did.append(("fill", words))

    async def _holds(self) -> bool:
        return self.ours

    async def _post(self, url: str, body: Mapping[str, Any], key: str) -> Answer:
        self.keys.append(key)
        self.did.append(("post", url, dict(body)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer
