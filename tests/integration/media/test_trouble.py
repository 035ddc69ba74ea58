"""Whatever fails behind it, an open line is never left silent."""

import re

import pytest

from media_service.listening.models import Models
from tests.integration.media.conftest import APOLOGY, CALL_SID, Service, Stand, serving
from tests.integration.media.phone import Phone


async def apologized(service: Service, phone: Phone, seconds: float = 20) -> None:
    """The apology was heard to its end, and then, and only then, the call was hung up."""
    await phone.closed(seconds)
    await service.over()
    print("said", [(t.role, t.kind, t.interrupted, t.text) for t in service.said()], phone.now)
    assert APOLOGY[0] in bytes(phone.sound)
    assert service.telephony.hung_up == [CALL_SID]
    assert service.telephony.hung_up_at >= phone.started + phone.marks[-1][0]
    assert service.records.get("01CALL").end_reason == "failed"
    last = service.said()[-1]
    assert (last.kind, last.text) == ("apology", APOLOGY[1])


@pytest.mark.parametrize("fault", [{"refuse": 401}, {"refuse": 503}], ids=str)
async def test_nobody_listens(service: Service, deepgram: Stand, fault: dict[str, object]) -> None:
    deepgram.fault(listen=fault)
    async with service.answered() as phone:
        await apologized(service, phone)


async def test_what_is_said_is_never_transcribed(service: Service, deepgram: Stand) -> None:
    deepgram.fault(listen={"hang": True})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("yes")
        await apologized(service, phone)


async def test_what_is_said_is_transcribed_at_the_second_attempt(
    service: Service, deepgram: Stand
) -> None:
    deepgram.fault(listen={"hang": True})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        deepgram.fault()
        await phone.quiet(0.5)
        await phone.hang_up()
        await service.over()
    assert [turn.role for turn in service.said()] == ["agent", "callee", "agent"]
    assert "Sarah" in service.said()[1].text


@pytest.mark.parametrize("fault", [{"refuse": 401}, {"refuse": 503}, {"hang": True}], ids=str)
async def test_nobody_speaks(service: Service, deepgram: Stand, fault: dict[str, object]) -> None:
    deepgram.fault(speak=fault)
    async with service.answered() as phone:
        await apologized(service, phone)
    assert phone.first_sound_at is not None
    # Our own deadline (2 s), not the library's (8.5 s and more).
    assert phone.first_sound_at < 8


@pytest.mark.parametrize(
    "fault", [{"refuse": 401}, {"refuse": 503}, {"hang": True}, {"cut_after_words": 2}], ids=str
)
async def test_nobody_thinks(service: Service, llm: Stand, fault: dict[str, object]) -> None:
    llm.fault(**fault)
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("yes")
        await apologized(service, phone)


async def test_the_voice_is_cut_in_the_middle_of_a_word(service: Service, deepgram: Stand) -> None:
    deepgram.fault(speak={"cut_after_seconds": 1.0, "refuse": None})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        deepgram.fault(speak={"refuse": 503})
        phone.say("yes")
        await apologized(service, phone)


async def test_the_ear_is_cut_once_and_the_call_goes_on(service: Service, deepgram: Stand) -> None:
    deepgram.fault(listen={"cut_after_seconds": 0.5})
    async with service.answered() as phone:
        await phone.until(lambda: phone.now > 1)
        deepgram.fault()
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        await phone.quiet(0.5)
        await phone.hang_up()
        await service.over()
    assert [turn.role for turn in service.said()] == ["agent", "callee", "agent"]


async def test_the_ear_is_cut_in_the_middle_of_a_sentence(
    service: Service, deepgram: Stand
) -> None:
    """All of the sentence is transcribed, by the connection that takes the other's place."""
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        began = phone.now
        await phone.until(lambda: phone.now > began + 0.6)
        deepgram.fault(listen={"cut_after_seconds": 0})
        # And the first attempts are refused.
        deepgram.fault(listen={"refuse": 503})
        await phone.until(lambda: phone.now > began + 1.1)
        deepgram.fault()
        await phone.until(lambda: len(service.said()) == 3)
        await phone.hang_up()
        await service.over()
    assert [turn.role for turn in service.said()] == ["agent", "callee", "agent"]
    heard = service.said()[1].text.lower()
    assert "yes" in heard
    assert "minute" in heard


async def test_the_ear_is_cut_and_then_refused(service: Service, deepgram: Stand) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        deepgram.fault(listen={"cut_after_seconds": 0.1, "refuse": 503})
        await apologized(service, phone)


@pytest.mark.parametrize("vendor", ["stt and tts", "llm"])
async def test_nobody_takes_connections(
    vendor: str, deepgram: Stand, llm: Stand, loaded: Models
) -> None:
    """Refused by the host itself: nothing listens there."""
    ears, mind = deepgram.url, f"{llm.url}/openai/v1"
    if vendor == "llm":
        mind = "http://127.0.0.1:9/openai/v1"
    else:
        ears = "ws://127.0.0.1:9"
    async with serving(ears, mind, loaded) as service, service.answered() as phone:
        if vendor == "llm":
            await phone.quiet(0.3)
            phone.say("yes")
        await apologized(service, phone)


async def test_there_is_no_such_agent(service: Service) -> None:
    def unknown(_: str) -> None:
        raise KeyError("no agent")

    object.__setattr__(service.world, "agent", unknown)
    async with service.answered() as phone:
        await apologized(service, phone)


async def test_the_call_cannot_be_hung_up(service: Service, deepgram: Stand) -> None:
    deepgram.fault(speak={"refuse": 401})

    def fails(call_sid: str) -> None:
        raise OSError(call_sid)

    service.telephony.ends = fails
    async with service.answered() as phone:
        await phone.closed()
        await service.over()
    assert len(service.telephony.hung_up) == 3
    assert APOLOGY[0] in bytes(phone.sound)


async def test_a_slow_llm_has_a_filler_said_that_it_is_not_told_of(
    service: Service, llm: Stand
) -> None:
    llm.fault(first_token_seconds=2.6)
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        await phone.until(lambda: len(service.said()) == 4)
        await phone.hang_up()
        await service.over()
    greeting, asked, filler, reply = service.said()
    assert [turn.role for turn in (greeting, asked, filler, reply)] == [
        "agent", "callee", "agent", "agent",
    ]  # fmt: skip
    assert (filler.kind, filler.text) == ("filler", "One moment, please.")
    assert (reply.kind, filler.latency_ms) == ("reply", None)
    # What is told of the wait is the wait for the answer.
    assert reply.latency_ms is not None
    assert reply.latency_ms > 2_600


async def test_the_voice_is_cut_once_and_says_the_rest(service: Service, deepgram: Stand) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        # Of each connection: three seconds of sound.
        deepgram.fault(speak={"cut_after_bytes": 48_000})
        phone.say("tom-speaking")
        await phone.until(lambda: "twenty" in service.said()[-1].text)
        await phone.hang_up()
        await service.over()
    assert APOLOGY[0] not in bytes(phone.sound)
    said = " ".join(turn.text for turn in service.said()[2:])
    words = re.findall(r"[a-z]+", said.lower())
    assert words[-1] == "twenty"
    # A word may be twice where it was cut; none is missing.
    numbers = re.findall("[a-z]+", "one two three four five six seven eight nine ten eleven")
    assert [word for word in numbers if word not in words] == []
    assert len(words) <= 23
