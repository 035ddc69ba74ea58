"""A callee who nods, interrupts, makes a noise or presses keys while the agent speaks."""

import numpy as np

from calls.agent import Agent, Idle
from calls.call import Turn
from tests.integration.media.conftest import AGENT, Service
from tests.integration.media.phone import Phone, mulaw

LONG = (
    "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty."
)


def agent(**changes: object) -> Agent:
    return AGENT.model_copy(
        update={"prompt": "You are the listening desk.", "idle": Idle(after_seconds=20), **changes}
    )


async def in_the_long_answer(phone: Phone, seconds: float = 2) -> None:
    """The greeting is over, the long answer was asked for and has sounded for so long."""
    await phone.quiet(0.3)
    ends = phone.now + phone.say("tom-speaking")
    await phone.until(lambda: phone.last_sound_at > ends)
    sounded = phone.now
    await phone.until(lambda: phone.now > sounded + seconds)


def replies(service: Service) -> list[Turn]:
    return [turn for turn in service.said() if turn.kind == "reply"]


def voiced(sound: bytes) -> bytes:
    """Without what is silent for longer than a word's own stops are: pauses of ours, the end."""
    frames = [sound[at : at + 160] for at in range(0, len(sound), 160)]
    return b"".join(frame for frame in frames if any(byte not in (0xFF, 0x7F) for byte in frame))


async def uninterrupted(service: Service) -> bytes:
    """The long answer as somebody hears it who is silent."""
    async with service.answered(service.call("01QUIET", "CA0QUIET")) as phone:
        await in_the_long_answer(phone, 0)
        begun = len(phone.sound) - 160 * 40
        await phone.quiet(1.0)
        await phone.hang_up()
        await service.over()
    return voiced(bytes(phone.sound[begun:]))


def noise(seconds: float) -> bytes:
    """A bang: loud, broad, and gone."""
    fades = np.exp(-np.arange(int(seconds * 8000)) / (seconds * 1600))
    return mulaw((9000 * np.random.default_rng(3).standard_normal(len(fades)) * fades).astype(int))


async def test_a_backchannel_does_not_make_the_agent_lose_its_place(service: Service) -> None:
    service.agent = agent()
    whole = await uninterrupted(service)
    async with service.answered() as phone:
        await in_the_long_answer(phone)
        begun = phone.now
        cleared = len(phone.clears)
        phone.say("yes")  # The embedded recognizer knows no word for "mm-hm".
        await phone.until(lambda: len(phone.clears) > cleared)
        assert phone.clears[cleared] - begun < 1
        await phone.quiet(1.6)
        await phone.until(lambda: len(replies(service)) == 1)
        await phone.hang_up()
        await service.over()
    # It was asked once, said all of it, and what was said was heard: nothing twice, nothing lost.
    assert [(turn.text, turn.interrupted) for turn in replies(service)] == [(LONG, False)]
    # What they said is in the record, when nothing follows it.
    assert [turn.role for turn in service.said()] == ["agent", "callee", "agent", "callee"]
    heard = voiced(bytes(phone.sound))
    greeting = len(heard) - len(whole)
    assert abs(len(heard[greeting:]) - len(whole)) < 1600


async def test_an_interruption_stops_the_voice_and_cuts_the_transcript(service: Service) -> None:
    service.agent = agent(noise_filter="rnnoise")
    async with service.answered() as phone:
        await in_the_long_answer(phone)
        begun, cleared = phone.now, len(phone.clears)
        phone.say("sarah-interrupts")
        await phone.until(lambda: len(phone.clears) > cleared)
        assert phone.clears[cleared] - begun < 1
        sound = len(voiced(bytes(phone.sound)))
        await phone.until(lambda: any(turn.interrupted for turn in service.said()))
        assert len(voiced(bytes(phone.sound))) - sound < 800, "it did not go on meanwhile"
        await phone.until(lambda: len(replies(service)) == 2)
        await phone.hang_up()
        await service.over()
    cut, answer = replies(service)[0], replies(service)[-1]
    assert LONG.startswith(cut.text)
    assert 3 <= len(cut.text.split()) <= 12
    assert answer.text == "You have thirty days."


async def test_a_noise_does_not_interrupt(service: Service) -> None:
    service.agent = agent()
    async with service.answered() as phone:
        await in_the_long_answer(phone)
        phone.play(noise(0.4))
        await phone.quiet(1.6)
        await phone.until(lambda: len(replies(service)) == 1)
        await phone.hang_up()
        await service.over()
    assert [(turn.text, turn.interrupted) for turn in replies(service)] == [(LONG, False)]


async def test_yes_at_the_very_end_is_an_answer(service: Service) -> None:
    """Not something said over the voice: nobody would say anything more."""
    service.agent = agent()
    async with service.answered() as phone:
        await in_the_long_answer(phone)
        await phone.until(lambda: phone.ending)
        phone.say("yes")
        await phone.until(lambda: len(replies(service)) == 2)
        await phone.hang_up()
        await service.over()
    assert replies(service)[1].text.startswith("Could you say that")


async def test_a_backchannel_that_nothing_follows_is_a_turn_in_the_end(service: Service) -> None:
    service.agent = agent(idle=Idle(after_seconds=1.5))
    async with service.answered() as phone:
        await in_the_long_answer(phone)
        phone.say("yes")
        await phone.until(lambda: len(replies(service)) == 2)
        await phone.hang_up()
        await service.over()
    said = [(turn.role, turn.kind) for turn in service.said()]
    assert said[-3:] == [("agent", "reply"), ("callee", None), ("agent", "reply")]
    assert service.said()[-2].text.lower().strip(".,!") in ("yes", "yeah")


async def test_keys_interrupt_and_reach_the_llm(service: Service) -> None:
    service.agent = agent()
    async with service.answered() as phone:
        await in_the_long_answer(phone)
        cleared = len(phone.clears)
        for key in "12#":
            await phone.press(key)
        await phone.until(lambda: len(phone.clears) > cleared)
        await phone.until(lambda: len(replies(service)) == 2)
        await phone.hang_up()
        await service.over()
    cut, answer = replies(service)
    assert cut.interrupted
    assert service.said()[-2].text == "Keys pressed: 12#"
    assert answer.text == "Thank you, one and two."


async def test_keys_without_a_hash_are_told_after_a_pause(service: Service) -> None:
    """And whoever presses keys is not silent."""
    service.agent = agent(idle=Idle(after_seconds=1.2, tries=1))
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.press("7")
        await phone.until(lambda: len(service.said()) >= 3)
        await phone.hang_up()
        await service.over()
    assert [turn.text for turn in service.said()][1:] == [
        "Keys pressed: 7", "Could you say that again?",
    ]  # fmt: skip


async def test_the_key_to_opt_out_is_for_nothing_else(service: Service) -> None:
    service.agent = agent(opt_out_key="9")
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.press("9")
        await phone.press("1")
        await phone.closed()
        await service.over()
    assert service.records.get("01CALL").end_reason == "opted_out"
    assert not any(turn.role == "callee" for turn in service.said())
