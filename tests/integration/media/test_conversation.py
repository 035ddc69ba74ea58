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
