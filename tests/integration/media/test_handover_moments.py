"""What a handover meets that is not quiet: a callee who never stops, who it is, what they ask."""

from collections.abc import AsyncIterator

import pytest

from calls.agent import Agent
from calls.answering import Answering
from calls.call import Turn, now
from calls.greeting import Greeting
from media_service.listening.models import Models
from media_service.lull import LULL_SECONDS
from rehearsal.mulaw import loudness
from tests.integration.media.conftest import AGENT, CALL_SID, Service, Stand, serving
from tests.integration.media.phone import Phone, clip
from tests.integration.media.test_greeting import TEXT, sound
from tests.integration.media.test_handover import kinds, numbered
from tests.integration.media.vendor_server import VendorServer

QUIET = 400.0
"""RMS (of 32,768) of a pause between words."""
SOON_SECONDS = 3.0
"""In the place of production's 90: `tests/unit/media/test_lull.py` holds that."""
NO_MORE = "Please stop calling me."


@pytest.fixture
async def ears() -> AsyncIterator[VendorServer]:
    """A listener that has the words of an utterance as soon as it is told to settle them."""
    server = VendorServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def service(
    deepgram: Stand, llm: Stand, ears: VendorServer, loaded: Models
) -> AsyncIterator[Service]:
    more = {"openai_base_url": f"{ears.url}/v1", "handover_seconds": SOON_SECONDS}
    async with serving(deepgram.url, f"{llm.url}/openai/v1", loaded, **more) as running:
        yield running


@pytest.fixture
async def other(
    service: Service, deepgram: Stand, llm: Stand, ears: VendorServer, loaded: Models
) -> AsyncIterator[Service]:
    """Another task of the same fleet."""
    more = {"openai_base_url": f"{ears.url}/v1", "beside": service}
    async with serving(deepgram.url, f"{llm.url}/openai/v1", loaded, **more) as running:
        yield running


def listens_by(service: Service, vendor: str) -> None:
    service.agent = Agent.model_validate(
        {**AGENT.model_dump(exclude_unset=True), "stt": {"vendor": vendor}}
    )


def talk_on(phone: Phone) -> None:
    """The callee speaks for a minute and takes no breath."""
    voice = clip("sarah-interrupts")
    frames = (voice[start : start + 160] for start in range(0, len(voice), 160))
    breathless = b"".join(frame for frame in frames if loudness(frame) > QUIET)
    phone.play(breathless * (60 * 8000 // len(breathless)))


async def test_a_callee_who_never_stops_is_handed_over_in_the_end(
    service: Service, other: Service, ears: VendorServer
) -> None:
    """What they said is committed first, and the next leg answers it."""
    listens_by(service, "openai")
    call = service.call()
    async with service.answered(call) as phone:
        await phone.quiet(0.1)
        talk_on(phone)
        began = phone.now
        await phone.until(lambda: phone.now > began + 0.6)
        began = phone.now
        service.live.hand_over()
        await phone.closed()
        assert phone.closed_with == 1012
        assert phone.now - began >= SOON_SECONDS
    committed = service.said()
    # What they said as the leg ended is nobody's turn yet, and is kept.
    assert committed[-1].role == "callee"
    # As often as they seemed to pause.
    assert committed[-1].text.replace(ears.hears, "").strip() == ""
    assert service.telephony.hung_up == []
    assert service.records.get("01CALL").end_reason is None
    async with other.answered(service.records.get("01CALL"), leg=2) as phone:
        await phone.until(lambda: len(service.said()) > len(committed))
        await phone.hang_up()
        await other.over()
    await service.over()
    assert service.said()[: len(committed)] == committed
    assert service.said()[len(committed)].role == "agent"
    assert [kind for _, kind in kinds(service)].count("greeting") == 1
    assert numbered(service)


async def test_a_mailbox_is_known_though_the_task_changes_in_its_first_seconds(
    service: Service, other: Service
) -> None:
    service.agent = other.agent = AGENT.model_copy(update={"answering": Answering()})
    service.greetings.put("01CALL", Greeting(text=TEXT, mulaw=sound(1.0), voice="deepgram:x"))
    call = service.call()
    async with service.answered(call) as phone:
        await phone.until(lambda: len(service.said()) == 1)
        service.live.hand_over()
        await phone.closed()
        assert phone.now < 1.0 + 2.5 + LULL_SECONDS
        await service.over()
    assert service.records.get("01CALL").answered_by is None
    async with other.answered(service.records.get("01CALL"), leg=2) as phone:
        phone.play(clip("voicemail-greeting"))
        await phone.closed(45)
        await other.over()
    record = service.records.get("01CALL")
    assert (record.answered_by, record.end_reason) == ("voicemail", "machine")
    assert service.telephony.hung_up == [CALL_SID]


async def left_politely(service: Service, phone: Phone) -> None:
    """They heard to its end that they will not be called again, and it is so."""
    await phone.closed(30)
    await service.over()
    record = service.records.get("01CALL")
    assert record.end_reason == "opted_out"
    assert [entry.detail for entry in record.timeline if entry.event == "opted_out"] == ["speech"]
    last = service.said()[-1]
    assert (last.role, last.text, last.interrupted) == ("agent", AGENT.speaks.opted_out, False)
    assert service.do_not_call.get("+15550100001") is not None
    assert service.telephony.hung_up == [CALL_SID]
    assert service.telephony.hung_up_at >= phone.started + phone.last_sound_at


async def test_who_opts_out_in_the_words_that_a_handover_commits_is_not_handed_over(
    service: Service, ears: VendorServer
) -> None:
    listens_by(service, "openai")
    ears.hears = NO_MORE
    call = service.call()
    async with service.answered(call) as phone:
        await phone.quiet(0.1)
        talk_on(phone)
        began = phone.now
        await phone.until(lambda: phone.now > began + 0.6)
        service.live.hand_over()
        await left_politely(service, phone)
    heard = [turn.text for turn in service.said() if turn.role == "callee"]
    assert heard
    assert "".join(heard).replace(NO_MORE, "").strip() == ""


async def test_who_opted_out_in_the_last_words_that_a_killed_task_kept_is_left_by_the_next(
    service: Service, other: Service
) -> None:
    """It had written the turn, and not lived to list the number."""
    call = service.call(active_leg=1)
    for number, (role, text) in enumerate((("agent", "Hi."), ("callee", NO_MORE)), 1):
        turn = Turn.model_validate({"number": number, "role": role, "text": text, "at": now()})
        service.records.append_turn("01CALL", 1, turn)
    async with other.answered(call, leg=2) as phone:
        await left_politely(other, phone)
