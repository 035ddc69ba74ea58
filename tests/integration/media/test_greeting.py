"""A call's first words: prepared or not, heard at once, and cut only by who means it."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from calls.call import Turn
from calls.greeting import Greeting
from media_service.listening import models
from tests.integration.media.conftest import AGENT, BlackHole, Service, Stand, serving
from tests.integration.media.phone import clip

TEXT = (
    "Hi Sarah, an AI speaks, and this call is recorded. One two three four five six seven eight "
    "nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty."
)


def sound(seconds: float) -> bytes:
    """Speech, as often as it takes."""
    # Mu-law has two zeros, and only one of them comes back from a codec.
    voice = clip("sarah-interrupts").replace(b"\x7f", b"\xff")
    return (voice * (int(seconds * 8000) // len(voice) + 1))[: int(seconds * 8000)]


def prepare(service: Service, seconds: float = 4.0, **changes: Any) -> Greeting:
    greeting = Greeting(text=TEXT, mulaw=sound(seconds), voice="deepgram:x")
    greeting = greeting.model_copy(update=changes)
    service.greetings.put("01CALL", greeting)
    return greeting


def how(service: Service) -> list[str | None]:
    timeline = service.records.get("01CALL").timeline
    return [entry.detail for entry in timeline if entry.event == "greeting"]


def heard(turn: Turn) -> tuple[str, str | None, bool]:
    return turn.role, turn.kind, turn.interrupted


async def test_it_is_heard_whole_though_no_vendor_ever_answers(
    loaded: models.Models, hole: BlackHole
) -> None:
    async with serving(f"ws://{hole.at}", f"http://{hole.at}/openai/v1", loaded) as service:
        greeting = prepare(service, seconds=1.5)
        async with service.answered() as phone:
            await phone.until(lambda: greeting.mulaw[:11_000] in bytes(phone.sound))
            await phone.hang_up()
            await service.over()
    assert hole.connections >= 2
    assert phone.clears == [] or phone.clears[0] > 1.4
    assert how(service) == ["prepared"]


async def test_it_is_the_first_turn_and_whole(service: Service) -> None:
    greeting = prepare(service, seconds=3)
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.until(lambda: len(service.said()) == 1)
        await phone.until(lambda: len(phone.marks) == 1)
        ended = phone.marks[0][0]
        await phone.hang_up()
        await service.over()
    turn = service.said()[0]
    assert (turn.number, *heard(turn), turn.text) == (1, "agent", "greeting", False, TEXT)
    # Each piece once and in order, with nothing between them, and the mark after the last.
    assert greeting.mulaw in bytes(phone.sound)
    assert ended > 2.9
    call = service.records.get("01CALL")
    assert call.first_audio_at is not None
    assert how(service) == ["prepared"]


async def test_without_one_the_voice_speaks_live(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.until(lambda: bool(how(service)))
        await phone.hang_up()
        await service.over()
    assert how(service) == ["live"]


async def test_words_without_sound_are_spoken_live(service: Service) -> None:
    prepare(service, text="A single sentence that was prepared.", mulaw=b"")
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.until(lambda: len(service.said()) == 1)
        await phone.hang_up()
        await service.over()
    assert service.said()[0].text == "A single sentence that was prepared."
    assert how(service) == ["live"]


async def test_a_store_that_fails_costs_no_call(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(call_id: str) -> Greeting:
        raise OSError(call_id)

    monkeypatch.setattr(service.greetings, "get", fails)
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.hang_up()
        await service.over()
    assert heard(service.said()[0]) == ("agent", "greeting", False)


async def test_who_interrupts_it_heard_so_many_words(service: Service) -> None:
    greeting = prepare(service, seconds=10)
    async with service.answered() as phone:
        await phone.until(lambda: phone.now > 4)
        phone.say("sarah-interrupts")
        await phone.until(lambda: bool(phone.clears))
        heard_seconds = len(bytes(phone.sound)) / 8000
        await phone.until(lambda: bool(service.said()))
        await phone.hang_up()
        await service.over()
    turn = service.said()[0]
    assert heard(turn) == ("agent", "greeting", True)
    spoken = turn.text.split()
    assert spoken == TEXT.split()[: len(spoken)]
    # The words lie over the sound in proportion to their letters: to within two.
    letters = len(TEXT) * heard_seconds / (len(greeting.mulaw) / 8000)
    ends = [len(" ".join(TEXT.split()[:n])) for n in range(len(TEXT.split()) + 1)]
    expected = sum(1 for _, end in pairwise(ends) if end <= letters)
    assert abs(len(spoken) - expected) <= 2, (spoken, expected)


async def test_a_hello_in_its_first_seconds_does_not_cut_it(service: Service) -> None:
    prepare(service, seconds=5)
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        phone.say("hello")
        await phone.until(lambda: len(service.said()) == 1)
        assert phone.clears == []
        phone.say("yes")
        await phone.until(lambda: len(service.said()) >= 2)
        await phone.hang_up()
        await service.over()
    assert heard(service.said()[0]) == ("agent", "greeting", False)
    assert service.said()[0].text == TEXT
    assert "hello" in service.said()[1].text.lower()


async def test_a_sentence_in_its_first_seconds_is_answered(service: Service) -> None:
    prepare(service, seconds=12)
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        phone.say("tom-speaking")
        await phone.until(lambda: len(service.said()) >= 2, 12)
        cleared = phone.clears[0]
        await phone.hang_up()
        await service.over()
    greeting, callee = service.said()[:2]
    assert cleared < 8
    assert heard(greeting) == ("agent", "greeting", True)
    assert callee.role == "callee"
    assert "tom" in callee.text.lower()


async def test_what_the_crm_knew_is_in_the_prompt(service: Service, llm: Stand) -> None:
    prepare(service, seconds=1, context={"city": "Rome", "customer_name": "Somebody Else"})
    agent = AGENT.model_copy(
        update={"prompt": "You talk to {{customer_name}} of {{city}}.", "variables": {"city": "?"}}
    )
    service.agent = agent
    prompts: list[str] = []
    make = service.world.vendors.llm

    def spy(agent: Any, prompt: str) -> Any:
        prompts.append(prompt)
        return make(agent, prompt)

    service.world.vendors.llm = spy  # type: ignore[method-assign]
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.hang_up()
        await service.over()
    # What the request said wins.
    assert prompts[0].startswith("You talk to Sarah of Rome.")


async def test_the_llm_writes_what_nobody_wrote_down(service: Service) -> None:
    service.agent = AGENT.model_copy(update={"greeting": None})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        await phone.until(lambda: len(service.said()) == 1)
        await phone.hang_up()
        await service.over()
    turn = service.said()[0]
    assert heard(turn) == ("agent", "greeting", False)
    # The stand-in's answer to what no reply of its scenario is for.
    assert turn.text == AGENT.disclosed("Could you say that again?")


async def test_an_llm_that_cannot_write_leaves_what_has_to_be_said(
    service: Service, llm: Stand
) -> None:
    service.agent = AGENT.model_copy(update={"greeting": None})
    llm.fault(refuse=401)
    async with service.answered() as phone:
        await phone.until(lambda: len(service.said()) == 1, 15)
        await phone.hang_up()
        await service.over()
    assert service.said()[0].text == AGENT.disclosed("").strip()


async def test_a_call_that_ends_at_once_leaves_nothing(service: Service) -> None:
    prepare(service, seconds=5)
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await phone.hang_up()
        await service.over()
    left = {task.get_name() for task in asyncio.all_tasks()}
    assert "prelude" not in left
