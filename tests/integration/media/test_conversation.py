"""A conversation, as both of its sides know it."""

import json
from datetime import timedelta

from calls.agent import Idle
from calls.call import Turn, now
from tests.integration.media.conftest import AGENT, CALL_SID, Service, Stand
from tests.integration.media.phone import Phone

GREETING = "Hi Sarah, this is an AI, and this call is recorded."


def heard(turn: Turn) -> tuple[str, str | None, bool]:
    return turn.role, turn.kind, turn.interrupted


async def test_the_greeting_is_heard_and_written_down(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.until(lambda: len(service.said()) == 1)
        await phone.hang_up()
        await service.over()
    turn = service.said()[0]
    assert (turn.number, *heard(turn), turn.text) == (1, "agent", "greeting", False, GREETING)
    call = service.records.get("01CALL")
    assert call.first_audio_at is not None
    assert phone.first_sound_at is not None
    # The callee hung up: nothing is to be hung up, and Twilio's status callback tells why.
    assert service.telephony.hung_up == []
    assert call.end_reason is None


async def test_the_call_is_recorded_and_says_so(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: service.records.get("01CALL").recording is not None)
        await phone.hang_up()
        await service.over()
    assert service.telephony.recorded == [
        (CALL_SID, "https://api.dialout.test/recording-status?call_id=01CALL")
    ]
    recording = service.records.get("01CALL").recording
    assert recording is not None
    assert recording.status == "in-progress"


async def test_an_agent_that_never_records_does_not(service: Service) -> None:
    service.agent = AGENT.model_copy(update={"recording": "never"})
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.hang_up()
        await service.over()
    assert service.telephony.recorded == []
    assert service.records.get("01CALL").recording is None


async def test_a_recording_that_fails_is_noted_and_the_call_goes_on(service: Service) -> None:
    service.telephony.error = OSError("no")
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    events = [entry.event for entry in service.records.get("01CALL").timeline]
    # Who answered is known by then, or not.
    assert sorted(set(events) - {"answered_by"}) == [
        "greeting", "recording_failed", "stream_started",
    ]  # fmt: skip
    assert len(service.said()) == 1


async def test_a_hello_does_not_cut_the_greeting(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        phone.say("hello")
        await phone.quiet(0.3)
        await phone.until(lambda: len(service.said()) == 1)
        assert phone.clears == []
        phone.say("yes")
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    assert service.said()[0].text == GREETING
    # It is not lost either.
    assert "hello" in service.said()[1].text.lower()


async def test_an_answer_and_how_long_it_took(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        length = phone.say("sarah-speaking")
        ends = phone.now + length
        await phone.until(lambda: phone.last_sound_at > ends)
        sounded = phone.last_sound_at
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    greeting, callee, reply = service.said()
    assert [heard(turn) for turn in (callee, reply)] == [
        ("callee", None, False), ("agent", "reply", False),
    ]  # fmt: skip
    assert "Sarah" in callee.text
    assert reply.text == "Great to meet you, Sarah."
    assert reply.latency_ms is not None
    # The clip ends in a little silence of its own.
    assert abs(reply.latency_ms / 1000 - (sounded - ends)) < 1.5
    # Each part of it, as the stand-ins take their time for each.
    assert reply.latency is not None
    assert sum(reply.latency.model_dump().values()) == reply.latency_ms
    assert reply.latency.turn_ms >= 200  # the VAD waits for so much silence
    assert reply.latency.token_ms > 0
    assert reply.latency.voice_ms > 0
    assert (greeting.latency_ms, greeting.latency) == (None, None)
    assert greeting.at < callee.at < reply.at


async def test_who_interrupts_is_listened_to(service: Service, llm: Stand) -> None:
    long = service.agent.model_copy(
        update={
            "greeting": "This call of an AI is recorded. One two three four five six seven eight "
            "nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
            "twenty."
        }
    )
    service.agent = long
    async with service.answered() as phone:
        await phone.until(lambda: phone.now > 3.5)
        phone.say("sarah-interrupts")
        began = phone.now
        await phone.until(lambda: bool(phone.clears))
        assert phone.clears[0] - began < 1.0
        cut = bytes(phone.sound)
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    first = service.said()[0]
    assert heard(first) == ("agent", "greeting", True)
    # What was heard, to within two words: the greeting's own share of its sound.
    words = long.greeting.split()
    spoken = first.text.split()
    assert spoken == words[: len(spoken)]
    assert 5 < len(spoken) < len(words) - 2
    assert len(cut) < len(phone.sound)
    assert any("stop you" in turn.text or "return" in turn.text for turn in service.said()[1:])


async def test_an_interrupted_answer_is_kept_as_far_as_it_was_heard(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("tom-speaking")
        since = phone.now
        await phone.until(lambda: phone.last_sound_at > since + 2)
        sounded = phone.last_sound_at
        await phone.until(lambda: phone.now > sounded + 2)
        cleared = len(phone.clears)
        phone.say("sarah-interrupts")
        await phone.until(lambda: len(phone.clears) > cleared)
        await phone.until(lambda: any(turn.interrupted for turn in service.said()))
        await phone.hang_up()
        await service.over()
    turn = next(turn for turn in service.said() if turn.interrupted)
    assert turn.kind == "reply"
    assert turn.text.startswith("One two three four")
    assert 4 <= len(turn.text.split()) <= 12


async def test_a_call_is_handed_over(service: Service) -> None:
    """Once the greeting is heard, and by nobody hanging up: Twilio fetches the next leg."""
    async with service.answered() as phone:
        await phone.until(lambda: phone.now > 1.5)
        for session in service.live:
            session.hand_over()
        await phone.closed()
        await service.over()
    assert phone.closed_with == 1012
    assert service.telephony.hung_up == []
    assert service.records.get("01CALL").end_reason is None
    assert [heard(turn) for turn in service.said()] == [("agent", "greeting", False)]
    assert service.said()[0].text == GREETING


async def test_a_silence_is_broken_once_and_then_the_agent_goes(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        ended = phone.last_sound_at
        await phone.quiet(0.3)
        broken = next(at for at, _ in phone.marks[1:])
        await phone.closed()
        await service.over()
    assert [heard(turn) for turn in service.said()] == [
        ("agent", "greeting", False), ("agent", "idle", False), ("agent", "goodbye", False),
    ]  # fmt: skip
    assert service.said()[2].text == AGENT.idle.goodbye
    assert service.records.get("01CALL").end_reason == "idle"
    assert service.telephony.hung_up == [CALL_SID]
    # From the last sound heard to the next, the LLM's 0.2 s and the voice included.
    assert ended + 1.5 < broken


async def test_a_call_that_may_not_get_longer_is_taken_leave_of(service: Service) -> None:
    call = service.call(answered_at=now() - timedelta(seconds=18), max_call_seconds=30)
    async with service.answered(call) as phone:
        await phone.closed()
        await service.over()
    assert [heard(turn)[:2] for turn in service.said()] == [
        ("agent", "greeting"), ("agent", "goodbye"),
    ]  # fmt: skip
    assert service.said()[-1].text == AGENT.speaks.time_up
    assert service.records.get("01CALL").end_reason == "max_duration"
    assert service.telephony.hung_up == [CALL_SID]


async def test_the_silence_counts_from_what_was_heard(service: Service) -> None:
    """Twilio may be seconds behind: an agent who is still being heard is not met by silence."""
    service.agent = AGENT.model_copy(update={"idle": Idle(after_seconds=0.5)})
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        phone.delay(1.0)
        await phone.until(lambda: len(phone.marks) == 1)
        heard_at = phone.marks[0][0]
        await phone.until(lambda: phone.last_sound_at > heard_at)
        sounds = phone.last_sound_at
        await phone.hang_up()
        await service.over()
    assert sounds - heard_at > 0.5


async def test_end_call_after_its_goodbye_was_heard(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("sarah-still-here")
        await phone.closed()
        await service.over()
    last = service.said()[-1]
    assert heard(last) == ("agent", "goodbye", False)
    assert last.text == "Thank you, Sarah. Goodbye!"
    assert service.telephony.hung_up == [CALL_SID]
    assert service.telephony.hung_up_at >= phone.started + phone.marks[-1][0]
    assert phone.last_sound_at <= phone.marks[-1][0]
    assert service.records.get("01CALL").end_reason == "agent_hung_up"


async def test_the_next_leg_goes_on_where_the_last_one_was(service: Service) -> None:
    call = service.call(active_leg=1)
    service.records.append_turn(
        "01CALL", 1, Turn(number=1, role="agent", text=GREETING, at=now(), kind="greeting")
    )
    service.records.append_turn(
        "01CALL", 1, Turn(number=2, role="callee", text="Yes, this is Sarah.", at=now())
    )
    async with service.answered(call, leg=2) as phone:
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    assert [(turn.number, *heard(turn)) for turn in service.said()[2:]] == [
        (3, "agent", "reply", False)
    ]
    assert service.said()[2].text.startswith("Great to meet you, Sarah.")


async def test_an_overtaken_leg_is_silent(service: Service) -> None:
    """Another task has the call: this one neither writes nor hangs up any more."""
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        service.records.update("01CALL", lambda call: call.claim_leg(2, "MZ2", now()))
        await phone.closed()
        await service.over()
    assert service.said() == []
    assert service.telephony.hung_up == []


HOSTILE = [
    "nope", "[1]", "null", '{"event": "future"}', '{"event": "media"}', "x" * 100_000, b"\x00\x01",
    '{"event": "dtmf", "streamSid": "MZ01CALL"}', '{"event": "stop", "streamSid": "MZother"}',
    '{"event": "start", "start": {}}', '{"event": "mark", "streamSid": "MZ01CALL", "mark": []}',
    json.dumps({"event": "mark", "streamSid": "MZother", "mark": {"name": "m1"}}),
    json.dumps({"event": "mark", "streamSid": "MZ01CALL", "mark": {"name": "unknown"}}),
    json.dumps({"event": "dtmf", "streamSid": "MZ01CALL", "dtmf": {"digit": "A"}}),
    json.dumps({"event": "dtmf", "streamSid": "MZ01CALL", "dtmf": {"digit": "12"}}),
]  # fmt: skip


async def test_hostile_frames_do_not_end_a_call(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        for frame in HOSTILE:
            await phone.send(frame)
        await phone.quiet(0.3)
        phone.say("sarah-speaking")
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    assert [turn.role for turn in service.said()] == ["agent", "callee", "agent"]


async def test_several_calls_at_once(service: Service) -> None:
    service.agent = AGENT.model_copy(update={"idle": Idle(after_seconds=20)})
    calls = [service.call(f"01CALL{n}", f"CA{n}") for n in range(3)]
    phones: list[Phone] = []
    async with (
        service.answered(calls[0]) as one,
        service.answered(calls[1]) as two,
        service.answered(calls[2]) as three,
    ):
        phones = [one, two, three]
        assert len({phone.stream_sid for phone in phones}) == 3
        await one.quiet(0.3)
        one.say("sarah-speaking")
        two.say("sarah-arrived")
        await two.quiet(0.8)
        for phone in phones:
            await phone.hang_up()
        await service.over()
    said = [[turn.text for turn in service.said(call.call_id)] for call in calls]
    assert [texts[0] for texts in said] == [GREETING] * 3
    assert "Sarah" in said[0][1]
    assert "arrived" in said[1][1]
    assert not any("arrived on" in text for text in said[0] + said[2])
