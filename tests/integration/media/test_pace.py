"""How much of what is said a phone has in hand: a stumble that is shorter is not heard."""

import pytest

from media_service.phone.line import AHEAD_SECONDS
from tests.integration.media.conftest import Service
from tests.integration.media.phone import Phone


def in_hand(phone: Phone) -> float:
    """Seconds of sound that have come and are still to be heard."""
    return sum(len(each) for each in phone._to_hear if isinstance(each, bytes)) / 8000


async def test_a_voice_is_sent_ahead_of_being_heard_and_not_far(service: Service) -> None:
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("tom-speaking")
        begun = len(service.said())
        ahead: list[float] = []
        await phone.until(lambda: len(service.said()) > begun)
        # Twenty numbers: some seven seconds.
        since = phone.now
        await phone.until(lambda: phone.last_sound_at > since)

        def listened() -> bool:
            ahead.append(in_hand(phone))
            return phone.now > since + 3

        await phone.until(listened)
        await phone.hang_up()
        await service.over()
    assert max(ahead) == pytest.approx(AHEAD_SECONDS, abs=0.25)
