"""What is done with whoever answers. The time is the line's own: that of its sound."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from calls.agent import Agent
from calls.answered_by import AnsweredBy, decided, detected
from calls.answering import Answering
from calls.call import Call, EndReason, now
from media_service.answering.answerer import Answerer
from media_service.answering.machines import Machines
from tests.integration.media.phone import mulaw

VOICEMAIL = "You have reached Tom. Please leave a message after the tone."
SCREENING = "Please state your name and why you are calling."
MENU = "Thank you for calling. For sales, press one."
BEEP = mulaw((8000 * np.sin(2 * np.pi * 1000 * np.arange(3200) / 8000)).astype(np.int16))
MESSAGE = "Hello Sarah, please call us back."


@dataclass
class Talk:
    """A conversation that notes what it is asked for; and the way out of it."""

    replies: list[str] = field(default_factory=list)
    did: list[Any] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    held: bool = False
    settings: ClassVar = SimpleNamespace(model="openai/gpt-oss-120b")

    @property
    def llm(self) -> "Talk":
        return self

    @property
    def active(self) -> "Talk":
        """As a stage of several has it."""
        return self

    async def run_inference(self, *_: Any, **__: Any) -> str:
        return self.replies.pop(0)

    def hold(self) -> None:
        self.held = True

    async def release(self) -> None:
        self.held = False

    async def break_off(self) -> None:
        self.did.append("break off")

    async def deafen(self) -> None:
        self.did.append("deafen")

    async def listen(self) -> None:
        self.did.append("listen")

    async def settle(self) -> None:
        self.did.append("settle")

    async def say(self, text: str) -> None:
        self.did.append(("say", text))

    async def prompt(self, text: str) -> None:
        self.did.append("prompt")

    async def tell(self, role: str, text: str, *, answer: bool) -> None:
        self.did.append(("tell", role, answer))

    async def press(self, digits: str) -> None:
        self.did.append(("press", digits))

    def callee_said(self, text: str, at: datetime) -> None:
        self.said.append(text)

    async def cut(self, reason: EndReason) -> None:
        self.did.append(reason)

    async def leave_message(self, words: str, begins: Callable[[], Awaitable[object]]) -> None:
        self.did.append("leave")
        await begins()
        self.did.append(words)

    async def repeat_message(self, words: str) -> None:
        self.did.append(("again", words))


class Stage:
    """An answerer, its conversation and its call."""

    def __init__(self, *replies: str, record: Call | None = None, **chosen: Any) -> None:
        self.talk = Talk(list(replies))
        at = now()
        self.call = record or Call(
            call_id="01CALL", to_number="+15550100001", from_number="+15550000001",
            agent="brief", api_key="test", created_at=at, max_call_seconds=600,
            stream_until=at + timedelta(minutes=10),
        )  # fmt: skip
        self.silences = 0
        self.tasks: list[asyncio.Task[None]] = []
        agent = Agent(name="brief", prompt="Talk.", answering=Answering(**chosen))
        machines = Machines(
            agent, lambda text: text.replace("{{name}}", "Sarah"), self.talk, self.change,
            self.do, self.silence,
        )  # fmt: skip
        machines.join(self.talk)
        self.answerer = Answerer(agent, machines, self.change, self.read, self.do)

    def change(self, change: Callable[[Call], Call]) -> None:
        self.call = change(self.call)

    async def read(self) -> Call:
        return self.call

    def do(self, work: Coroutine[Any, Any, None], name: str) -> None:
        assert name == "answering"
        self.tasks.append(asyncio.create_task(work))

    def silence(self) -> None:
        self.silences += 1

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        for task in self.tasks:
            if task.done():
                task.result()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.001)
        await self.settle()

    async def sound(self, sound: bytes) -> None:
        for start in range(0, len(sound), 160):
            self.answerer.sound.feed(sound[start : start + 160])
            await asyncio.sleep(0)
        await self.settle()

    async def quiet(self, seconds: float) -> None:
        await self.sound(b"\xff" * int(seconds * 8000))

    async def talks(self, text: str, *, final: bool = True) -> None:
        """The callee says this: sound, words, and then no voice."""
        self.answerer.voice(True)
        await self.sound(mulaw(np.random.default_rng(1).normal(0, 3000, 8000)))
        self.answerer.said(text, final)
        self.answerer.voice(False)
        await self.settle()

    async def screens(self) -> None:
        """An assistant asks, and waits."""
        await self.talks(SCREENING)
        self.answerer.turn(SCREENING)
        await self.quiet(1.2)

    @property
    def who(self) -> list[str | None]:
        return [entry.detail for entry in self.call.timeline if entry.event == "answered_by"]

    def over(self) -> None:
        self.answerer.close()
        for task in self.tasks:
            task.cancel()


async def test_a_mailbox_is_hung_up_on_and_its_words_are_kept() -> None:
    stage = Stage()
    stage.answerer.begin()
    await stage.talks(VOICEMAIL)
    assert stage.talk.did == [EndReason.MACHINE]
    assert stage.talk.said == [VOICEMAIL]
    assert stage.who == ["voicemail: words"]
    stage.over()


async def test_the_message_waits_for_the_beep() -> None:
    stage = Stage(voicemail="leave_message", message="Hello {{name}}, please call us back.")
    stage.answerer.begin()
    await stage.talks(VOICEMAIL)
    await stage.quiet(1.7)
    assert stage.talk.did == ["leave"]
    await stage.sound(BEEP)
    assert stage.talk.did == ["leave"]
    await stage.quiet(0.04)
    assert stage.talk.did == ["leave", MESSAGE]
    stage.over()


async def test_an_announcement_that_just_ends() -> None:
    stage = Stage(voicemail="leave_message", message=MESSAGE)
    stage.answerer.begin()
    await stage.talks(VOICEMAIL)
    await stage.quiet(1.9)
    assert stage.talk.did == ["leave", MESSAGE]
    # The beep comes after all: what was said before it is on no tape.
    await stage.sound(BEEP + b"\xff" * 160)
    await stage.sound(BEEP + b"\xff" * 160)
    assert stage.talk.did == ["leave", MESSAGE, ("again", MESSAGE)]
    stage.over()


async def test_an_announcement_that_never_ends() -> None:
    stage = Stage(voicemail="leave_message", message=MESSAGE)
    stage.answerer.begin()
    await stage.talks(VOICEMAIL)
    noise = mulaw(np.random.default_rng(1).normal(0, 3000, 8000))
    await stage.sound(noise * 29)
    assert stage.talk.did == ["leave"]
    await stage.sound(noise * 2)
    assert stage.talk.did == ["leave", MESSAGE]
    stage.over()


async def test_an_assistant_is_answered_when_it_has_finished() -> None:
    stage = Stage(screening_reply="This is a call for {{name}}.")
    stage.answerer.begin()
    await stage.talks(SCREENING)
    assert stage.talk.held
    await stage.quiet(0.5)
    stage.answerer.turn(SCREENING)
    await stage.quiet(0.4)
    assert ("say", "This is a call for Sarah.") not in stage.talk.did
    await stage.quiet(0.2)
    assert stage.talk.did[-1] == ("say", "This is a call for Sarah.")
    assert not stage.talk.held
    assert stage.answerer.waits
    stage.over()


async def test_an_assistant_whose_turn_never_ends_is_answered_too() -> None:
    stage = Stage(screening_reply="This is us.")
    stage.answerer.begin()
    await stage.talks(SCREENING)
    await stage.quiet(3.9)
    assert ("say", "This is us.") not in stage.talk.did
    await stage.quiet(0.2)
    assert stage.talk.did[-1] == ("say", "This is us.")
    stage.over()


async def test_the_llm_answers_an_assistant_that_nothing_is_written_down_for() -> None:
    stage = Stage()
    stage.answerer.begin()
    await stage.screens()
    assert stage.talk.did[-1] == "prompt"
    stage.over()


async def test_whoever_asks_to_wait_gets_no_answer_and_the_person_does() -> None:
    stage = Stage(screening_reply="This is us.")
    stage.answerer.begin()
    await stage.screens()
    stage.talk.did.clear()
    stage.answerer.turn("Please hold while I connect you.")
    await stage.settle()
    assert stage.talk.did == ["break off"]
    assert stage.answerer.waits
    stage.answerer.turn("Hello, Sarah speaking.")
    await stage.settle()
    assert stage.talk.did == ["break off"]
    assert not stage.answerer.waits
    assert not stage.talk.held
    stage.over()


async def test_nobody_comes_to_the_phone() -> None:
    stage = Stage(screening_reply="This is us.")
    stage.answerer.begin()
    await stage.screens()
    await stage.quiet(29)
    assert stage.silences == 0
    await stage.quiet(2)
    assert (stage.silences, stage.answerer.waits) == (1, False)
    stage.over()


async def test_a_mailbox_after_an_assistant() -> None:
    stage = Stage(screening_reply="This is us.")
    stage.answerer.begin()
    await stage.screens()
    await stage.talks(VOICEMAIL)
    assert stage.talk.did[-1] is EndReason.MACHINE
    assert stage.who == ["screening: words", "voicemail: words"]
    stage.over()


@pytest.mark.parametrize(
    ("chosen", "text", "reason"),
    [
        ({"screening": "hang_up"}, SCREENING, EndReason.MACHINE),
        ({}, MENU, EndReason.MACHINE),
        ({}, "The number you have dialed is not in service.", EndReason.FAILED),
    ],
)
async def test_others_are_hung_up_on(chosen: dict[str, Any], text: str, reason: EndReason) -> None:
    stage = Stage(**chosen)
    stage.answerer.begin()
    await stage.talks(text)
    assert stage.talk.did == [reason]
    stage.over()


def menu(*replies: str) -> Stage:
    return Stage(*replies, menu="navigate", menu_goal="Get to sales.")


async def test_a_menu_until_a_person_is_fetched() -> None:
    stage = menu("<dtmf>1</dtmf><dtmf>#</dtmf>", "Sales, please.", "<ivr>completed</ivr>")
    stage.answerer.begin()
    await stage.talks(MENU, final=False)
    assert stage.talk.did == ["deafen"]
    await stage.quiet(1.1)
    assert stage.talk.did[-1] == "settle"
    stage.answerer.said(MENU, True)
    await stage.quiet(0.1)
    assert stage.talk.did[-1] == ("press", "1#")
    for words in ("Which department?", "One moment."):
        await stage.talks(words)
        await stage.quiet(1.1)
    assert stage.talk.did[3:] == [("say", "Sales, please."), "listen", ("tell", "developer", False)]
    assert stage.answerer.waits
    assert stage.talk.said == [MENU, "Which department?", "One moment."]
    stage.over()


async def test_a_person_at_the_end_of_a_menu_is_answered() -> None:
    stage = menu("<dtmf>1</dtmf>", "<mode>conversation</mode>")
    stage.answerer.begin()
    for words in (MENU, "Sales, this is Ann. How can I help?"):
        await stage.talks(words)
        await stage.quiet(1.1)
    assert stage.talk.did[-1] == ("tell", "user", True)
    assert not stage.answerer.waits
    stage.over()


async def test_a_menu_that_leads_nowhere() -> None:
    stuck = menu("<ivr>stuck</ivr>")
    stuck.answerer.begin()
    await stuck.talks(MENU)
    await stuck.quiet(1.1)
    assert stuck.talk.did[-1] is EndReason.MACHINE
    stuck.over()
    silent = menu("<ivr>wait</ivr>")
    silent.answerer.begin()
    await silent.talks(MENU)
    await silent.quiet(32)
    assert silent.talk.did[-1] is EndReason.MACHINE
    silent.over()


async def test_a_person_is_answered_at_once() -> None:
    stage = Stage()
    stage.answerer.begin()
    await stage.talks("Hello?")
    stage.answerer.turn("Hello?")
    await stage.settle()
    assert not stage.talk.held
    stage.over()
    assert stage.who == ["human: short"]
    assert stage.talk.did == []


async def test_an_answer_is_held_until_the_deadline_and_no_longer() -> None:
    stage = Stage(decide_after_seconds=0.001)
    stage.answerer.begin()
    stage.answerer.turn("After the beep?")
    assert stage.talk.held
    await stage.until(lambda: not stage.talk.held)
    assert stage.who == ["human: deadline"]
    stage.over()


async def test_what_twilio_told_by_then_is_read() -> None:
    stage = Stage(decide_after_seconds=0.001, amd=True)
    stage.call = detected(stage.call, "machine_start", now())
    stage.answerer.begin()
    await stage.until(lambda: stage.talk.did == [EndReason.MACHINE])
    assert stage.who == ["voicemail: amd"]
    stage.over()


@pytest.mark.parametrize(
    ("choice", "did"), [("voicemail", [EndReason.MACHINE]), ("human", []), ("martian", [])]
)
async def test_the_llm_is_asked_about_other_monologues(choice: str, did: list[object]) -> None:
    reply = f'{{"answered_by": {{"choice": "{choice}", "probabilities": {{}}}}}}'
    stage = Stage(reply)
    stage.answerer.begin()
    await stage.talks("This is the Miller family. We are out in the garden, so sing us a song now.")
    assert stage.talk.did == did
    assert stage.talk.replies == []
    stage.over()
    assert stage.who == {"voicemail": ["voicemail: llm"], "human": ["human: llm"]}.get(choice, [])


async def test_after_a_while_nobody_becomes_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_service.answering.answerer.LISTEN_SECONDS", -1)
    stage = Stage()
    stage.answerer.begin()
    await stage.talks(VOICEMAIL)
    assert stage.talk.did == []
    stage.over()


@pytest.mark.parametrize(
    ("who", "served"),
    [("voicemail", True), ("menu", True), ("human", False), ("screening", False)],
)
async def test_another_leg_knows_who_it_is(who: str, served: bool) -> None:
    stage = Stage(voicemail="leave_message", message=MESSAGE)
    stage.call = decided(stage.call, AnsweredBy(who), "words", now())
    assert stage.answerer.resume(stage.call) is served
    await stage.quiet(2)
    assert bool(stage.talk.did) is served
    assert stage.who == [f"{who}: words"]
    stage.over()
    assert stage.who == [f"{who}: words"]


async def test_another_leg_finds_out_what_the_first_had_not() -> None:
    stage = Stage()
    assert stage.answerer.resume(stage.call, gone=3.0) is False
    await stage.talks(VOICEMAIL)
    assert stage.talk.did == [EndReason.MACHINE]
    assert stage.who == ["voicemail: words"]
    stage.over()


async def test_what_the_first_leg_heard_counts_on_the_next() -> None:
    """One half of the announcement each."""
    stage = Stage()
    assert stage.answerer.resume(stage.call, ["You have reached Tom."], gone=3.0) is False
    assert stage.talk.did == []
    await stage.talks("Please leave a message.")
    assert stage.talk.did == [EndReason.MACHINE]
    stage.over()


async def test_a_machine_that_the_first_leg_heard_and_did_not_live_to_meet_is_met() -> None:
    stage = Stage()
    assert stage.answerer.resume(stage.call, [VOICEMAIL], gone=3.0) is True
    await stage.settle()
    assert stage.talk.did == [EndReason.MACHINE]
    assert stage.talk.said == [], "the record has it already"
    stage.over()


async def test_an_answer_waits_on_the_next_leg_too_but_no_longer_than_on_the_first() -> None:
    stage = Stage(decide_after_seconds=1.0)
    said = ["Well, there are so many words here that no person would say them on the telephone."]
    stage.answerer.resume(stage.call, said, gone=0.95, waited_for=True)
    assert stage.talk.held
    await stage.until(lambda: not stage.talk.held)
    assert stage.who == ["human: deadline"]
    stage.over()


async def test_who_said_hello_to_the_first_leg_is_answered_at_once_by_the_next() -> None:
    stage = Stage()
    stage.answerer.resume(stage.call, ["Hello?"], gone=1.0, waited_for=True)
    await stage.settle()
    assert not stage.talk.held
    stage.over()
    assert stage.who == ["human: short"]


async def test_after_the_deadline_the_next_leg_decides_at_once() -> None:
    stage = Stage()
    stage.answerer.resume(stage.call, gone=60.0)
    await stage.until(lambda: bool(stage.who))
    assert stage.who == ["human: deadline"]
    await stage.talks(VOICEMAIL)
    assert stage.talk.did == [], "nobody becomes a machine so late"
    stage.over()


async def test_who_was_taken_for_a_human_may_still_be_a_machine_on_the_next_leg() -> None:
    stage = Stage()
    stage.call = decided(stage.call, AnsweredBy.HUMAN, "deadline", now())
    stage.answerer.resume(stage.call, gone=6.0)
    await stage.talks(VOICEMAIL)
    assert stage.talk.did == [EndReason.MACHINE]
    assert stage.who == ["human: deadline", "voicemail: words"]
    stage.over()


async def test_what_twilio_alone_has_told_decides_nothing_before_its_time() -> None:
    stage = Stage(amd=True)
    stage.call = detected(stage.call, "machine_start", now())
    assert stage.answerer.resume(stage.call, gone=1.0) is False
    await stage.talks("Hello?")
    stage.over()
    assert stage.who == ["human: short"]
