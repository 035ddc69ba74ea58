"""When the callee's voice is not acted upon; in virtual time."""

from pipecat.frames.frames import BotStartedSpeakingFrame, BotStoppedSpeakingFrame, Frame

from media_service.mute import Mute


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_deaf_until_two_seconds_into_the_greeting() -> None:
    clock = Clock()
    mute = Mute(greets=True, clock=clock)
    assert await mute.process_frame(Frame())
    clock.now = 10
    assert await mute.process_frame(BotStartedSpeakingFrame())
    clock.now = 11.9
    assert await mute.process_frame(Frame())
    clock.now = 12
    assert not await mute.process_frame(Frame())
    clock.now = 20
    assert not await mute.process_frame(BotStartedSpeakingFrame())


async def test_a_short_greeting_is_over_when_it_is_over() -> None:
    mute = Mute(greets=True, clock=Clock())
    await mute.process_frame(BotStartedSpeakingFrame())
    assert not await mute.process_frame(BotStoppedSpeakingFrame())


async def test_a_later_leg_has_no_greeting() -> None:
    assert not await Mute(greets=False, clock=Clock()).process_frame(Frame())


async def test_deaf_from_the_moment_the_agent_leaves() -> None:
    mute = Mute(greets=False, clock=Clock())
    mute.leaving = True
    assert await mute.process_frame(BotStoppedSpeakingFrame())
