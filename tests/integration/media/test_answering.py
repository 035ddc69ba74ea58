"""Who answers, and what the agent does then, as whoever answers hears it."""

from typing import Any

import numpy as np
import pytest
from pipecat.audio.utils import create_stream_resampler, ulaw_to_pcm

from calls.agent import Agent
from calls.answered_by import detected
from calls.answering import Answering
from calls.call import now
from tests.integration.media.announcement import QUIET, beep, spoken
from tests.integration.media.conftest import AGENT, CALL_SID, Service, Stand
from tests.integration.media.phone import Phone, clip
from tests.integration.media.test_tools import pressed

MESSAGE = "Hello, this is the desk. Please call us back about your order."
VOICEMAIL = clip("voicemail-greeting")
SCREENING = "If you record your name and reason for calling, I'll see if this person is available."
MENU = "Thank you for calling. For sales, press one. For support, press two."
NOT_IN_SERVICE = "The number you have called has been disconnected, and is no longer connected."


PATIENCE = 45
"""Seconds, for a machine on which the stand-ins listen slowly."""


def answering(prompt: str = "You are the answering desk.", **chosen: Any) -> Agent:
    return AGENT.model_copy(update={"prompt": prompt, "answering": Answering(**chosen)})


def play(phone: Phone, sound: bytes) -> float:
    """Begin to play it; how long it takes."""
    phone.play(sound)
    return len(sound) / 8000


def said(service: Service, text: str) -> bool:
    """Whether the agent has said this, to its end."""
    return any(
        (turn.role, turn.text, turn.interrupted) == ("agent", text, False)
        for turn in service.said()
    )


def who(service: Service, call_id: str = "01CALL") -> list[str | None]:
    timeline = service.records.get(call_id).timeline
    return [entry.detail for entry in timeline if entry.event == "answered_by"]


async def test_a_mailbox_is_hung_up_on(service: Service) -> None:
    service.agent = answering()
    async with service.answered() as phone:
        length = play(phone, VOICEMAIL)
        await phone.closed(PATIENCE)
        await service.over()
    assert service.telephony.hung_up_at - phone.started < length + 2
    call = service.records.get("01CALL")
    assert (call.end_reason, call.answered_by) == ("machine", "voicemail")
    assert who(service)[-1] == "voicemail: words"
    assert service.telephony.hung_up == [CALL_SID]
    # Of the greeting as much as was heard under the announcement; then nothing more.
    agent = [turn for turn in service.said() if turn.role == "agent"]
    assert [turn.kind for turn in agent] in ([], ["greeting"])
    announced = " ".join(turn.text for turn in service.said() if turn.role == "callee")
    assert "reached" in announced


@pytest.mark.parametrize("beeps", [True, False], ids=["after the beep", "after the silence"])
async def test_a_message_is_left(service: Service, beeps: bool) -> None:
    service.agent = answering(voicemail="leave_message", message=MESSAGE)
    async with service.answered() as phone:
        announced = play(phone, VOICEMAIL)
        ends = phone.now + announced
        if beeps:
            ends += play(phone, QUIET * 6 + beep())
        await phone.until(
            lambda: service.records.get("01CALL").answered_by == "voicemail", PATIENCE
        )
        # What was being said is cut, and nothing more is said into the announcement.
        decided = phone.now
        await phone.until(lambda: phone.now > decided + 0.3)
        quiet_since = phone.last_sound_at
        assert phone.now < ends
        await phone.until(lambda: phone.now > ends)
        assert phone.last_sound_at == quiet_since
        await phone.until(lambda: phone.last_sound_at > quiet_since)
        begins = phone.last_sound_at - ends
        await phone.closed(PATIENCE)
        await service.over()
    assert (0 if beeps else 1.5) < begins < (1.5 if beeps else 3.5), begins
    call = service.records.get("01CALL")
    assert call.end_reason == "voicemail_left"
    last = service.said()[-1]
    assert (last.role, last.text, last.interrupted) == ("agent", MESSAGE, False)
    assert service.telephony.hung_up_at >= phone.started + phone.last_sound_at


async def test_a_beep_that_comes_late_has_the_message_said_again(service: Service) -> None:
    service.agent = answering(voicemail="leave_message", message=MESSAGE)
    async with service.answered() as phone:
        play(phone, VOICEMAIL + QUIET * 28 + beep())
        await phone.closed(PATIENCE)
        await service.over()
    said = [turn for turn in service.said() if turn.role == "agent"]
    assert (said[-1].text, said[-1].interrupted) == (MESSAGE, False)
    assert said[-2].interrupted
    assert service.records.get("01CALL").end_reason == "voicemail_left"


async def test_a_message_that_is_not_heard_to_its_end_was_not_left(service: Service) -> None:
    service.agent = answering(voicemail="leave_message", message=MESSAGE)
    async with service.answered() as phone:
        ends = phone.now + play(phone, VOICEMAIL + QUIET * 4 + beep())
        await phone.until(lambda: phone.now > ends and phone.last_sound_at > ends + 0.5)
        await phone.hang_up()
        await service.over()
    assert service.records.get("01CALL").end_reason is None


async def test_an_assistant_is_told_who_calls_and_a_person_is_waited_for(
    service: Service, deepgram: Stand
) -> None:
    service.agent = answering()
    async with service.answered() as phone:
        ends = phone.now + play(phone, spoken(deepgram.url, SCREENING))
        await phone.until(lambda: said(service, "This is the desk, about your order."), PATIENCE)
        answered = phone.now
        assert answered > ends + 0.5
        play(phone, spoken(deepgram.url, "Please hold while I connect you."))
        # Nobody breaks that silence, nor answers the assistant.
        await phone.until(lambda: phone.now > answered + 5.5)
        assert phone.last_sound_at < answered + 0.5
        phone.say("sarah-speaking")
        await phone.until(lambda: said(service, "Great to meet you, Sarah."), PATIENCE)
        await phone.hang_up()
        await service.over()
    assert service.records.get("01CALL").answered_by == "screening"
    assert not [turn for turn in service.said() if turn.kind == "idle"]


async def test_an_assistant_gets_the_reply_that_is_written_down(
    service: Service, deepgram: Stand
) -> None:
    service.agent = answering(screening_reply="This is a call for {{customer_name}}.")
    async with service.answered() as phone:
        play(phone, spoken(deepgram.url, SCREENING))
        await phone.until(lambda: said(service, "This is a call for Sarah."), PATIENCE)
        await phone.hang_up()
        await service.over()


async def test_a_mailbox_behind_an_assistant(service: Service, deepgram: Stand) -> None:
    service.agent = answering(screening_reply="This is the desk.")
    async with service.answered() as phone:
        play(phone, spoken(deepgram.url, SCREENING))
        await phone.until(
            lambda: any(turn.text.startswith("This is the") for turn in service.said()), PATIENCE
        )
        play(phone, VOICEMAIL)
        await phone.closed(PATIENCE)
        await service.over()
    assert who(service) == ["screening: words", "voicemail: words"]
    assert service.records.get("01CALL").end_reason == "machine"


async def test_keys_lead_through_a_menu_to_a_person(service: Service, deepgram: Stand) -> None:
    service.agent = answering(menu="navigate", menu_goal="Get to the sales department.")
    async with service.answered() as phone:
        play(phone, spoken(deepgram.url, MENU))
        await phone.until(lambda: ("menu", "keys wait") in events(service), PATIENCE)
        await phone.quiet(0.6, to_the_end=False)
        sound = await ulaw_to_pcm(bytes(phone.sound), 8000, 8000, create_stream_resampler())
        assert pressed(np.frombuffer(sound, np.int16)) == "15"
        play(phone, spoken(deepgram.url, "Please hold while I connect you."))
        await phone.until(lambda: ("menu", "completed") in events(service), PATIENCE)
        quiet_since = phone.last_sound_at
        await phone.until(lambda: phone.now > quiet_since + 2)
        assert phone.last_sound_at == quiet_since
        phone.say("sarah-speaking")
        await phone.until(lambda: said(service, "Great to meet you, Sarah."), PATIENCE)
        await phone.hang_up()
        await service.over()
    assert service.records.get("01CALL").answered_by == "menu"


def events(service: Service) -> list[tuple[str, str | None]]:
    return [(entry.event, entry.detail) for entry in service.records.get("01CALL").timeline]


@pytest.mark.parametrize(
    ("text", "machine", "reason"),
    [(MENU, "menu", "machine"), (NOT_IN_SERVICE, "unavailable", "failed")],
)
async def test_others_are_hung_up_on(
    service: Service, deepgram: Stand, text: str, machine: str, reason: str
) -> None:
    service.agent = answering()
    async with service.answered() as phone:
        play(phone, spoken(deepgram.url, text))
        await phone.closed(PATIENCE)
        await service.over()
    call = service.records.get("01CALL")
    assert (call.answered_by, call.end_reason) == (machine, reason)


async def test_nobody_is_left_waiting_in_silence(service: Service) -> None:
    """Who says nothing is a human by the deadline, and is asked whether they are there."""
    service.agent = answering(decide_after_seconds=2.0)
    async with service.answered() as phone:
        await phone.until(lambda: any(turn.kind == "idle" for turn in service.said()))
        await phone.hang_up()
        await service.over()
    assert who(service) == ["human: deadline"]


async def test_what_twilio_detected_counts_where_nothing_was_understood(service: Service) -> None:
    service.agent = answering(decide_after_seconds=2.0, amd=True)
    call = service.call()
    service.records.update(call.call_id, lambda c: detected(c, "machine_start", now()))
    async with service.answered(call) as phone:
        await phone.closed(PATIENCE)
        await service.over()
    assert who(service) == ["voicemail: amd"]
    assert service.records.get("01CALL").end_reason == "machine"


async def test_who_phones_us_is_no_machine(service: Service) -> None:
    service.agent = answering()
    call = service.call(direction="inbound")
    async with service.answered(call) as phone:
        length = play(phone, VOICEMAIL)
        await phone.until(lambda: phone.now > length + 1)
        await phone.hang_up()
        await service.over()
    assert who(service) == []
    assert service.records.get("01CALL").end_reason is None


async def says_hello(service: Service, call_id: str) -> int:
    """How long who says hello, and then a sentence, waits for the answer to it."""
    call = service.call(call_id, f"CA{call_id}")
    async with service.answered(call) as phone:
        phone.say("hello")
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        await phone.until(
            lambda: any(turn.latency_ms for turn in service.said(call_id)), 15
        )  # fmt: skip
        await phone.hang_up()
        await service.over()
    (latency, *_) = [turn.latency_ms for turn in service.said(call_id) if turn.latency_ms]
    return latency


@pytest.mark.parametrize("detect", [True, False])
async def test_a_person_is_talked_with_at_once(service: Service, detect: bool) -> None:
    """The figure that is printed is the same with and without."""
    service.agent = answering(detect=detect)
    found = [await says_hello(service, f"01{detect}{n}") for n in range(2)]
    print(f"\ndetect {detect}: answered after {found} ms")
    if detect:
        assert set(who(service, "01True0")) <= {"human: short", "human: deadline"}
        assert service.records.get("01True0").end_reason is None
