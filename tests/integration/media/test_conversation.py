"""A conversation, as both of its sides know it."""

from tests.integration.media.conftest import Service


async def test_the_greeting_is_heard_and_written_down(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet()
        await phone.until(lambda: len(service.said()) == 1)
        print("first sound", phone.first_sound_at)
        turn = service.said()[0]
        await phone.hang_up()
        await service.over()
    assert (turn.number, turn.role, turn.kind, turn.interrupted) == (1, "agent", "greeting", False)
    assert turn.text.startswith("Hi Sarah, this is Amelia")
    assert turn.text.endswith("Do you have a minute?")
    call = service.records.get("01CALL")
    assert call.first_audio_at is not None
    assert call.recording
    assert service.telephony.hung_up == []


async def test_sarahs_call_from_hello_to_goodbye(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.8)
        phone.say("sarah-speaking")
        await phone.quiet(0.8)
        phone.say("sarah-arrived")
        since = phone.now
        await phone.until(lambda: phone.last_sound_at > since + 3)
        spoke = phone.last_sound_at
        await phone.until(lambda: phone.now > spoke + 2)
        before = len(phone.clears)
        print("barge in at", phone.now)
        phone.say("sarah-interrupts")
        await phone.until(lambda: len(phone.clears) > before)
        print("clears", phone.clears)
        await phone.quiet(0.8)
        heard = phone.last_sound_at
        await phone.quiet(0.8)
        print("idle", heard, phone.last_sound_at)
        phone.say("sarah-still-here")
        await phone.closed()
        await service.over()
    for turn in service.said():
        print(turn.number, turn.role, turn.kind, turn.interrupted, turn.latency_ms, turn.text)
    print(service.records.get("01CALL").end_reason, service.telephony.hung_up, phone.closed_with)
