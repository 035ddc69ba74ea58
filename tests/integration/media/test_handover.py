"""A call goes on with another task: planned, or because its own was killed.

Nothing that a killed process would still do reaches the record here: the other task has claimed the
call before the first one's stream breaks off.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby
from threading import Event

import httpx
import pytest

from calls.call import Recording, Turn, now
from calls.greeting import Greeting
from calls.tools import Tools
from media_service.listening.models import Models
from tests.integration.media.conftest import AGENT, CALL_SID, Service, Stand, serving
from tests.integration.media.test_greeting import TEXT, sound
from tests.integration.media.test_tools import LOOK_UP, agent


@pytest.fixture
async def other(
    service: Service, deepgram: Stand, llm: Stand, loaded: Models
) -> AsyncIterator[Service]:
    """Another task of the same fleet."""
    at = f"{llm.url}/openai/v1"
    async with serving(deepgram.url, at, loaded, beside=service) as running:
        yield running


def kinds(service: Service) -> list[tuple[str, str | None]]:
    return [(turn.role, turn.kind) for turn in service.said()]


def numbered(service: Service) -> bool:
    said = service.said()
    return [turn.number for turn in said] == list(range(1, len(said) + 1))


async def test_a_conversation_goes_on_where_it_was(service: Service, other: Service) -> None:
    """Planned; then it ends on purpose, and is never taken up again."""
    call = service.call()
    async with service.answered(call) as phone:
        await phone.quiet(0.1)
        phone.say("sarah-speaking")
        await phone.until(lambda: len(service.said()) == 2)
        # The answer is under way.
        service.live.hand_over()
        await phone.closed()
        assert phone.closed_with == 1012
        assert [kind for kind, _ in groupby(kinds(service))] == [
            ("agent", "greeting"), ("callee", None), ("agent", "reply"),
        ]  # fmt: skip
        assert not service.said()[-1].interrupted
    async with other.answered(service.records.get("01CALL"), leg=2) as phone:
        phone.say("sarah-still-here")
        await phone.until(lambda: service.records.get("01CALL").end_reason is not None)
        # Its process is killed in the middle of the goodbye.
        async with await service.dial() as third:
            await third.start(CALL_SID, call_id="01CALL", leg="3", token=service.token(call, 3))
            await third.closed(5)
            assert third.closed_with in (1008, 1012)
        await phone.closed()
        await other.over()
    # What the callee says may be taken for two turns.
    assert [kind for kind, _ in groupby(kinds(service))] == [
        ("agent", "greeting"), ("callee", None), ("agent", "reply"),
        ("callee", None), ("agent", "goodbye"),
    ]  # fmt: skip
    assert numbered(service)
    record = service.records.get("01CALL")
    assert (record.end_reason, record.active_leg) == ("agent_hung_up", 2)
    assert record.active_task == other.live.task_id
    assert len(service.telephony.recorded) == 1
    assert service.telephony.hung_up == [CALL_SID]


async def test_a_greeting_that_was_killed_is_heard_whole(service: Service, other: Service) -> None:
    stored = Greeting(text=TEXT, mulaw=sound(1.5), voice="deepgram:x")
    service.greetings.put("01CALL", stored)
    call = service.call(recording=Recording(recording_sid="RE1", status="in-progress"))
    async with service.answered(call) as first:
        await first.until(lambda: first.first_sound_at is not None)
        async with other.answered(call, leg=2) as phone:
            first.socket.transport.abort()
            await phone.until(lambda: stored.mulaw[:11_000] in bytes(phone.sound))
            await phone.until(lambda: len(service.said()) == 1)
            await phone.hang_up()
            await other.over()
            await service.over()
    assert kinds(service) == [("agent", "greeting")]
    assert service.said()[0].text == TEXT
    assert service.telephony.recorded == [], "the recording was not broken"


async def test_a_tool_that_was_killed_is_asked_again_under_its_key(
    service: Service, other: Service
) -> None:
    """And who waits for its answer gets one."""
    ringing, killed = Event(), Event()

    def answer(_: httpx.Request) -> httpx.Response:
        if ringing.is_set():
            return httpx.Response(200, json="Tuesday")
        ringing.set()
        killed.wait(10)
        return httpx.Response(200, json="Tuesday")

    service.web.answer = answer
    service.agent = other.agent = agent(
        "You are the order desk.", tools=Tools(http={"look_up": LOOK_UP})
    )
    call = service.call(active_leg=1)
    service.records.append_turn("01CALL", 1, Turn(number=1, role="agent", text="Hi.", at=now(),
                                                  kind="greeting"))  # fmt: skip
    service.records.append_turn("01CALL", 1, Turn(number=2, role="callee", at=now(),
                                                  text="Sarah, one minute."))  # fmt: skip
    async with service.answered(call, leg=2) as first:
        await asyncio.to_thread(ringing.wait, 10)
        async with other.answered(call, leg=3) as phone:
            first.socket.transport.abort()
            # Who was too slow for one leg answers the other: it is a new one that asks.
            await phone.until(lambda: service.said()[-1].text == "It comes on Tuesday.")
            killed.set()
            await phone.hang_up()
            await other.over()
            await service.over()
    keys = [request.headers["idempotency-key"] for request in service.web.asked]
    assert keys == ["01CALL/2/look_up/1"] * 2
    (use,) = service.records.get("01CALL").tool_uses
    assert use.result == {"result": "Tuesday"}
    assert numbered(service)


async def test_a_silence_goes_on(service: Service) -> None:
    """The leg before has broken as many as the agent may: this is the last."""
    call = service.call(active_leg=1)
    for number, kind in enumerate(("greeting", "idle"), 1):
        turn = Turn.model_validate(
            {"number": number, "role": "agent", "text": "Hi.", "at": now(), "kind": kind}
        )
        service.records.append_turn("01CALL", 1, turn)
    async with service.answered(call, leg=2) as phone:
        await phone.closed()
        await service.over()
    assert kinds(service)[2:] == [("agent", "goodbye")]
    assert service.said()[-1].text == AGENT.idle.goodbye
    assert service.records.get("01CALL").end_reason == "idle"
