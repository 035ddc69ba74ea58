"""When the callee interrupts, and when they only listen; in virtual time."""

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult

from calls.language import language
from media_service.listening.turn_start import TurnStart


class Output:
    """The agent's sound."""

    held = False

    async def hold(self) -> None:
        assert not self.held
        self.held = True

    async def go_on(self) -> None:
        assert self.held
        self.held = False


class Callee:
    """One, at the beginning of a call."""

    def __init__(self, *, greets: bool = True) -> None:
        self.now = 0.0
        self.output = Output()
        self.strategy = TurnStart(
            greets=greets, output=self.output, backchannel=language("en").backchannel,
            clock=lambda: self.now,
        )  # fmt: skip

    async def begins(self, frame: Frame, at: float) -> bool:
        self.now = at
        if await self.strategy.process_frame(frame) is not ProcessFrameResult.STOP:
            return False
        await self.strategy.handle_user_turn_started()
        self.output.held = False  # as the interruption's clear does
        return True

    async def quiet(self, at: float) -> bool:
        """Their voice has ended."""
        return await self.begins(VADUserStoppedSpeakingFrame(), at)

    async def sound(self, at: float) -> bool:
        """Some of their sound, be it silence."""
        return await self.begins(InputAudioRawFrame(bytes(320), 8000, 1), at)

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


async def test_later_their_voice_pauses_it() -> None:
    callee = await greeted()
    assert not await callee.voice(11)
    assert not callee.output.held
    assert not await callee.voice(12.2)
    assert callee.output.held


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
    callee = await speaking()
    assert not await callee.voice(20.5)
    assert callee.output.held


async def test_a_later_leg_has_no_greeting() -> None:
    callee = Callee(greets=False)
    assert await callee.voice(0.1)
    await callee.begins(BotStartedSpeakingFrame(), 1)
    assert await callee.heard("No.", 1.5)


async def speaking() -> Callee:
    """The agent says something, from second 20 on."""
    callee = await greeted()
    await callee.begins(BotStoppedSpeakingFrame(), 14)
    await callee.begins(BotStartedSpeakingFrame(), 20)
    return callee


async def test_a_backchannel_pauses_it_until_it_is_understood() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.hearing("Mm-hmm", 21.3)
    assert not await callee.quiet(21.5)
    assert callee.output.held
    assert not await callee.heard("Mm-hmm.", 21.7)
    assert not callee.output.held


async def test_what_is_said_does_not_go_on_while_they_speak() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.heard("Okay.", 21.5)
    assert callee.output.held
    assert await callee.hearing("Okay but wait", 21.8)


async def test_a_noise_pauses_it_until_nothing_was_understood() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.quiet(21.2)
    assert not await callee.sound(21.78)
    assert callee.output.held
    assert not await callee.sound(21.81)
    assert not callee.output.held
    # Understood after all, it does what it does.
    assert not await callee.heard("Right.", 22)
    assert await callee.heard("Stop.", 22.1)


async def test_words_of_substance_begin_a_turn() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.hearing("Wait", 21.3), "it may become a word of another kind"
    assert await callee.hearing("Wait a", 21.5)
    assert not callee.output.held
    assert not await callee.sound(25)


async def test_one_word_of_substance_does_once_it_stands() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.quiet(21.4)
    assert await callee.heard("Stop.", 21.7)


async def test_a_voice_that_goes_on_begins_a_turn() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.sound(21.9)
    assert await callee.sound(22.01)


async def test_noises_cannot_hold_it_forever() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    assert not await callee.quiet(21.5)
    assert not await callee.voice(21.9)
    assert await callee.sound(22.02)


async def test_over_its_last_sounds_yes_is_an_answer() -> None:
    callee = await speaking()
    await callee.begins(BotStoppedSpeakingFrame(), 24)
    assert await callee.voice(24.1)


async def test_that_it_all_was_sent_while_it_pauses_is_the_same() -> None:
    callee = await speaking()
    assert not await callee.voice(21)
    await callee.begins(BotStoppedSpeakingFrame(), 21.1)
    assert callee.output.held
    assert not await callee.quiet(21.4)
    assert await callee.heard("Yes.", 21.6)


async def test_a_key_begins_a_turn() -> None:
    callee = await speaking()
    assert await callee.begins(InputDTMFFrame(KeypadEntry.ONE), 21)
    assert not await Callee().begins(InputDTMFFrame(KeypadEntry.ONE), 1)
