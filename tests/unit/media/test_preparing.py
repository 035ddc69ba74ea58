"""One call, prepared."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

import pytest
from pipecat.frames.frames import ErrorFrame, Frame, TTSAudioRawFrame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from calls.adapters.guarded_http import Answer, GuardedRequestError
from calls.agent import Agent
from calls.call import Call, EndReason, Status, now
from calls.greeting import LARGEST_BYTES, Greeting
from calls.preparation import Preparation
from calls.settings import Settings
from calls.signature import signature
from media_service.failover import TtsStage
from media_service.signed_http import SignedHttp
from media_service.speaking import opening_line, preparing
from media_service.speaking.preparing import Preparing
from media_service.world import World
from tests.fakes import FakeCallRecords, FakeGreetings, FakeSecrets

AGENT = Agent(
    name="brief", greeting="Hi {{name}}, an AI speaks, and this call is recorded.",
    prompt="You talk to {{name}} of {{city}}.", variables={"name": "there", "city": "town"},
)  # fmt: skip
WRITES = AGENT.model_copy(update={"greeting": None})
ASKS = AGENT.model_copy(update={"context_url": "https://crm.test/callee"})


class Voice(TTSService):
    """Says every text in a second of sound; or as it is told."""

    def __init__(self, said: list[str], seconds: float, *, fails: bool, hangs: bool) -> None:
        super().__init__(
            settings=TTSSettings(model=None, voice="x", language=None),
            push_start_frame=True, push_stop_frames=True, stop_frame_timeout_s=0.1,
            sample_rate=16_000,
        )  # fmt: skip
        self._said, self._seconds, self._fails, self._hangs = said, seconds, fails, hangs

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self._said.append(text)
        if self._hangs:
            await asyncio.Event().wait()
        if self._fails:
            yield ErrorFrame("no")
            return
        sound = b"\x00\x10" * int(16_000 * self._seconds)
        yield TTSAudioRawFrame(sound, 16_000, 1, context_id=context_id)


class Llm:
    """Writes what it is told, and keeps its system messages."""

    def __init__(self, prompt: str, vendors: "Vendors") -> None:
        self._vendors = vendors
        vendors.prompts.append(prompt)

    async def run_inference(self, context: Any) -> str | None:
        answer = self._vendors.writes
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Vendors:
    writes: str | Exception | None = "Hi Ann, I call about your order."
    seconds: float = 1.0
    fails: bool = False
    hangs: bool = False
    said: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def tts(self, agent: Agent) -> TTSService:
        return Voice(self.said, self.seconds, fails=self.fails, hangs=self.hangs)

    def llm(self, agent: Agent, prompt: str) -> Llm:
        return Llm(prompt, self)


@dataclass
class Crm:
    answer: Answer | Exception = field(default_factory=lambda: answered({"city": "Rome"}))
    asked: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.asked.append((url, body, headers))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def answered(content: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode(), {})


@dataclass
class Stage:
    agent: Agent = AGENT
    vendors: Vendors = field(default_factory=Vendors)
    crm: Crm = field(default_factory=Crm)
    records: FakeCallRecords = field(default_factory=FakeCallRecords)
    greetings: FakeGreetings = field(default_factory=FakeGreetings)
    secrets: FakeSecrets = field(default_factory=lambda: FakeSecrets({"webhook-secret": "s"}))

    async def prepare(self, age: float = 0, **changes: Any) -> Greeting | None:
        call = Call(
            call_id="01A", status=Status.RINGING, to_number="+15550100001",
            from_number="+15550000001", agent="brief", api_key="test", created_at=now(),
            variables={"name": "Ann"}, metadata={"order": "7"}, max_call_seconds=600,
            stream_until=now(),
        ).model_copy(update=changes)  # fmt: skip
        self.records.create(call)
        crm: Any = self.crm
        needed: dict[str, Any] = {
            "settings": Settings(), "records": self.records, "vendors": self.vendors,
            "greetings": self.greetings, "http": SignedHttp(self.secrets, crm),
            "agent": lambda _: self.agent,
        }  # fmt: skip
        world = World(**{each.name: None for each in fields(World)} | needed)
        asked = Preparation("01A", now() - timedelta(seconds=age), "receipt")
        await Preparing(world).prepare(asked)
        return self.greetings.get("01A")


async def test_the_greeting_is_rendered_and_spoken() -> None:
    stage = Stage()
    greeting = await stage.prepare()
    assert greeting is not None
    assert greeting.text == "Hi Ann, an AI speaks, and this call is recorded."
    assert stage.vendors.said == [greeting.text]
    # A second of mu-law at 8 kHz, from PCM at 16.
    assert abs(len(greeting.mulaw) - 8000) < 80
    assert greeting.voice == "deepgram:aura-2-theia-en"
    assert greeting.context == {}


async def test_what_it_has_to_disclose_is_said() -> None:
    stage = Stage(agent=AGENT.model_copy(update={"greeting": "Hi {{name}}."}))
    greeting = await stage.prepare()
    assert greeting is not None
    assert greeting.text == AGENT.disclosed("Hi Ann.") != "Hi Ann."


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.IN_PROGRESS}, {"answered_at": now()},
        {"status": Status.ENDED, "end_reason": EndReason.BUSY},
    ],
)  # fmt: skip
async def test_a_call_that_does_not_ring_is_left_alone(changes: dict[str, Any]) -> None:
    stage = Stage()
    assert await stage.prepare(**changes) is None
    assert stage.vendors.said == []


async def test_what_is_too_old_is_left_alone() -> None:
    stage = Stage()
    assert await stage.prepare(age=61) is None
    assert await Stage().prepare(age=55) is not None


async def test_a_call_that_is_not_known_is_left_alone() -> None:
    stage = Stage()
    assert await stage.prepare(call_id="01OTHER") is None


async def test_the_llm_writes_the_opening_of_an_agent_without_greeting() -> None:
    stage = Stage(agent=WRITES)
    greeting = await stage.prepare()
    assert greeting is not None
    assert greeting.text == AGENT.disclosed("Hi Ann, I call about your order.")
    assert stage.vendors.prompts == ["You talk to Ann of town."]
    assert greeting.mulaw


@pytest.mark.parametrize("writes", ["", "**", None, OSError("no")], ids=str)
async def test_an_llm_that_writes_nothing_leaves_it_to_the_call(
    writes: str | Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening_line, "WRITE_SECONDS", 0.05)
    assert await Stage(agent=WRITES, vendors=Vendors(writes=writes)).prepare() is None


async def test_a_long_opening_is_cut_at_a_sentence() -> None:
    long = '"' + "This is a sentence. " * 60 + '"'
    greeting = await Stage(agent=WRITES, vendors=Vendors(writes=long)).prepare()
    assert greeting is not None
    assert greeting.text
    written = greeting.text.removesuffix(AGENT.disclosed(""))
    assert len(written) <= opening_line.LONGEST
    assert written.strip().endswith("sentence.")
    assert not written.startswith('"')


async def test_a_voice_that_fails_leaves_the_words() -> None:
    greeting = await Stage(agent=WRITES, vendors=Vendors(fails=True)).prepare()
    assert greeting is not None
    assert greeting.text
    assert greeting.mulaw == b""


async def test_a_voice_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "VOICE_SECONDS", 0.1)
    greeting = await Stage(vendors=Vendors(hangs=True)).prepare()
    assert greeting is not None
    assert greeting.mulaw == b""


async def test_a_voice_that_fails_has_its_fallback_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    vendors, said = Vendors(), list[str]()

    def two(_: Agent) -> TtsStage:
        broken = Voice(said, 1.0, fails=True, hangs=False)
        return TtsStage([broken, Voice(vendors.said, 1.0, fails=False, hangs=False)])

    monkeypatch.setattr(vendors, "tts", two)
    greeting = await Stage(vendors=vendors).prepare()
    assert greeting is not None
    assert len(said) == len(vendors.said) == 1
    assert abs(len(greeting.mulaw) - 8000) < 80


async def test_sound_that_is_too_long_is_not_stored() -> None:
    stage = Stage(vendors=Vendors(seconds=LARGEST_BYTES / 8000 + 1))
    greeting = await stage.prepare()
    assert greeting is not None
    assert greeting.mulaw == b""


async def test_what_the_crm_knows_fills_the_texts_and_the_request_wins() -> None:
    crm = Crm(answered({"city": "Rome", "name": "Somebody Else", "tier": "gold"}))
    stage = Stage(agent=ASKS.model_copy(update={"greeting": None}), crm=crm)
    greeting = await stage.prepare()
    assert greeting is not None
    assert greeting.context == {"city": "Rome", "name": "Somebody Else", "tier": "gold"}
    assert stage.vendors.prompts == ["You talk to Ann of Rome."]


async def test_the_crm_is_told_of_the_call_and_can_check_who_asks() -> None:
    stage = Stage(agent=ASKS)
    await stage.prepare()
    ((url, body, headers),) = stage.crm.asked
    assert url == ASKS.context_url
    assert json.loads(body) == {
        "call_id": "01A", "to_number": "+15550100001", "from_number": "+15550000001",
        "agent": "brief", "variables": {"name": "Ann"}, "metadata": {"order": "7"},
    }  # fmt: skip
    at = int(headers["dialout-signature"].split(",")[0].removeprefix("t="))
    assert headers["dialout-signature"] == signature("s", body, at)


@pytest.mark.parametrize(
    "answer",
    [GuardedRequestError("no answer"), answered({}, 500), answered([1]), answered("x" * 70_000)],
    ids=["none", "500", "list", "large"],
)
async def test_without_an_answer_of_the_crm_the_defaults_stand(answer: Answer | Exception) -> None:
    agent = ASKS.model_copy(update={"greeting": "Hi {{name}} of {{city}}."})
    greeting = await Stage(agent=agent, crm=Crm(answer)).prepare()
    assert greeting is not None
    assert greeting.text
    assert greeting.text.startswith("Hi Ann of town.")


async def test_without_a_secret_the_crm_is_not_asked() -> None:
    stage = Stage(agent=ASKS, secrets=FakeSecrets())
    greeting = await stage.prepare()
    assert greeting is not None
    assert stage.crm.asked == []


async def test_what_the_crm_knows_is_kept_though_nothing_else_is_done() -> None:
    agent = ASKS.model_copy(update={"greeting": None})
    greeting = await Stage(agent=agent, vendors=Vendors(writes="")).prepare()
    assert greeting == Greeting(context={"city": "Rome"})
