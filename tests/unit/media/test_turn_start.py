"""When the callee interrupts; in virtual time."""

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult

from media_service.turn_start import TurnStart


class Callee:
    """One, at the beginning of a call."""

    def __init__(self, *, greets: bool = True) -> None:
        self.now = 0.0
        self.strategy = TurnStart(greets=greets, clock=lambda: self.now)

    async def begins(self, frame: Frame, at: float) -> bool:
        self.now = at
        return await self.strategy.process_frame(frame) is ProcessFrameResult.STOP

    async def voice(self, at: float) -> bool:
        """Their voice is told of when it has lasted for 0.2 s."""
        return await self.begins(VADUserStartedSpeakingFrame(start_secs=0.2), at)

    async def heard(self, text: str, at: float) -> bool:
        return await self.begins(TranscriptionFrame(text, "", ""), at)

    async def hearing(self, text: str, at: float) -> bool:
        return await self.begins(InterimTranscriptionFrame(text, "", ""), at)


async def greeted() -> Callee:
    """A greeting sounds from second 10 on."""
    callee = Callee()
    assert not await callee.begins(BotStartedSpeakingFrame(), 10)
    return callee


async def test_one_word_in_the_first_two_seconds_does_not_cut_it() -> None:
    callee = await greeted()
    assert not await callee.voice(11)
    assert not await callee.hearing("Hello?", 11.4)
    assert not await callee.heard("Hello?", 11.8)


async def test_nor_if_it_is_understood_later() -> None:
    callee = await greeted()
    assert not await callee.voice(12.1)
    assert not await callee.heard("Hello?", 12.9)


async def test_the_second_word_does() -> None:
    callee = await greeted()
    assert not await callee.voice(11)
    assert not await callee.hearing("Wrong", 11.3)
    assert await callee.hearing("Wrong number", 11.6)


async def test_later_their_voice_does() -> None:
    callee = await greeted()
    assert not await callee.voice(11)
    assert await callee.voice(12.2)


async def test_before_it_sounds_nothing_does() -> None:
    callee = Callee()
    assert not await callee.voice(5)
    assert not await callee.heard("Who is there?", 6)
    # What others say before it does not begin it either.
    assert not await callee.begins(BotStoppedSpeakingFrame(), 7)
    assert not await callee.voice(8)


async def test_a_short_greeting_is_over_when_it_is_over() -> None:
    callee = await greeted()
    assert not await callee.voice(10.5)
    assert not await callee.begins(BotStoppedSpeakingFrame(), 10.9)
    assert await callee.heard("Hello?", 11)
    assert await callee.voice(11.5)


async def test_there_is_one_greeting_a_call() -> None:
    callee = await greeted()
    await callee.begins(BotStoppedSpeakingFrame(), 14)
    await callee.begins(BotStartedSpeakingFrame(), 20)
    assert await callee.voice(20.5)


async def test_a_later_leg_has_no_greeting() -> None:
    callee = Callee(greets=False)
    assert await callee.voice(0.1)
    await callee.begins(BotStartedSpeakingFrame(), 1)
    assert await callee.heard("Yes.", 1.5)
