"""Whole turns by other vendors than the usual, and by the fallback of one that fails."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from calls.agent import Agent
from calls.greeting import Greeting
from calls.language import language
from media_service.listening import models
from media_service.vendors.deepgram import Tts
from tests.integration.media.conftest import AGENT, APOLOGY, Service, Stand, serving
from tests.integration.media.phone import clip
from tests.integration.media.vendor_server import VendorServer


@pytest.fixture
async def others() -> AsyncIterator[VendorServer]:
    server = VendorServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def service(
    deepgram: Stand, llm: Stand, others: VendorServer, loaded: models.Models
) -> AsyncIterator[Service]:
    more = {
        "openai_base_url": f"{others.url}/v1", "anthropic_base_url": others.url,
        "cartesia_base_url": others.url.replace("http", "ws", 1),
    }  # fmt: skip
    async with serving(deepgram.url, f"{llm.url}/openai/v1", loaded, **more) as running:
        yield running


def agent(**choices: Any) -> Agent:
    """The usual one with other vendors."""
    return Agent.model_validate({**AGENT.model_dump(exclude_unset=True), **choices})


IN_ONE_BREATH = "tom-goodbye"
"""However it meets the VAD's windows, it is one utterance; most others are two now and then."""


async def a_turn(service: Service, *roles: str, says: str = "sarah-speaking") -> None:
    """The greeting, an answer by the callee, and the agent's."""
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say(says)
        if roles:
            await phone.until(lambda: len(service.said()) >= 2 + len(roles))
        else:
            await phone.quiet(0.5)
        await phone.hang_up()
        await service.over()
    assert APOLOGY[0] not in bytes(phone.sound)
    print([(turn.role, turn.text) for turn in service.said()])
    assert [turn.role for turn in service.said()] == ["agent", "callee", *(roles or ["agent"])]


async def test_the_llm_knows_as_much_of_the_greeting_as_was_heard(
    service: Service, others: VendorServer
) -> None:
    service.agent = agent(llm={"vendor": "openai"})
    text = "An AI speaks, and this call is recorded. " + " ".join(["Many words follow."] * 12)
    greeting = Greeting(text=text, mulaw=clip("sarah-interrupts") * 3, voice="deepgram:x")
    service.greetings.put("01CALL", greeting)
    async with service.answered() as phone:
        await phone.until(lambda: phone.now > 4)
        phone.say("tom-speaking")
        await phone.until(lambda: len(service.said()) == 3)
        await phone.hang_up()
        await service.over()
    heard = service.said()[0]
    assert heard.interrupted
    assert text.startswith(heard.text)
    (asked,) = others.bodies("/v1/chat/completions")
    told = [(each["role"], each["content"]) for each in asked["messages"][-2:]]
    assert told == [("assistant", heard.text), ("user", service.said()[1].text)]


# Each protocol.


async def test_ears_that_take_whole_utterances(service: Service, others: VendorServer) -> None:
    service.agent = agent(stt={"vendor": "openai"})
    await a_turn(service, says=IN_ONE_BREATH)
    assert service.said()[1].text == "Yes, this is Sarah."
    (heard,) = others.bodies("/v1/audio/transcriptions")
    assert (heard["model"], heard["language"]) == ("gpt-transcribe", "en")
    # The clip is 1.5 s long or so, at 8 kHz and 16 bits, with what was before and after it.
    assert 20_000 < heard["bytes"] < 70_000


async def test_groqs_ears(
    deepgram: Stand, llm: Stand, others: VendorServer, loaded: models.Models
) -> None:
    async with serving(deepgram.url, f"{others.url}/v1", loaded) as service:
        service.agent = agent(stt={"vendor": "groq"})
        await a_turn(service, says=IN_ONE_BREATH)
    (heard,) = others.bodies("/v1/audio/transcriptions")
    assert (heard["model"], heard["language"]) == ("whisper-large-v3-turbo", "en")


async def test_openai_thinks_and_speaks(service: Service, others: VendorServer) -> None:
    service.agent = agent(llm={"vendor": "openai"}, tts={"vendor": "openai", "voice": "nova"})
    await a_turn(service)
    assert service.said()[0].text == AGENT.greeting.replace("{{customer_name}}", "Sarah")  # type: ignore[union-attr]
    assert service.said()[2].text == others.answers
    (asked,) = others.bodies("/v1/chat/completions")
    assert asked["model"] == "gpt-4.1"
    assert asked["messages"][-1]["role"] == "user"
    spoken = others.bodies("/v1/audio/speech")
    assert {body["voice"] for body in spoken} == {"nova"}
    assert spoken[-1]["input"] == others.answers


async def test_cartesia_speaks(service: Service, others: VendorServer) -> None:
    service.agent = agent(tts={"vendor": "cartesia", "voice": "v-1"})
    await a_turn(service)
    asked = [body for body in others.bodies("/tts/websocket") if body["transcript"]]
    assert "".join(body["transcript"] for body in asked).startswith("Hi Sarah, this is an AI")
    assert {body["voice"]["id"] for body in asked} == {"v-1"}
    assert {(body["language"], body["model_id"]) for body in asked} == {("en", "sonic-3.6")}
    assert asked[0]["output_format"]["sample_rate"] == 8000


async def test_anthropic_thinks(service: Service, others: VendorServer) -> None:
    service.agent = agent(llm={"vendor": "anthropic"})
    await a_turn(service)
    assert service.said()[2].text == others.answers
    (asked,) = others.bodies("/v1/messages")
    assert asked["model"] == "claude-haiku-4-5"
    assert "You are talking to Sarah" in str(asked["system"])
    assert "end_call" in str(asked["tools"])


# Other languages.


async def test_a_spanish_call(service: Service) -> None:
    service.agent = agent(
        language="es", greeting="Hola, soy un asistente de IA. Esta llamada se graba."
    )
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("lucia-soy-yo")
        await phone.quiet(0.5)
        await phone.hang_up()
        await service.over()
    assert service.said()[1].text == "Sí, soy yo, dígame."


async def test_a_callee_who_speaks_another_language_is_understood_and_answered_in_its_voice(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices: list[str] = []
    connect = Tts._websocket_connect

    async def noting(self: Tts, uri: str, **kwargs: Any) -> Any:
        voices.append(uri.partition("model=")[2].partition("&")[0])
        return await connect(self, uri, **kwargs)

    monkeypatch.setattr(Tts, "_websocket_connect", noting)
    service.agent = agent(detect_language=True, idle={"after_seconds": 1.0, "tries": 0})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("lucia-soy-yo")
        await phone.closed(20)
        await service.over()
    assert service.said()[1].text == "Sí, soy yo, dígame."
    assert [turn.role for turn in service.said()] == ["agent", "callee", "agent", "agent"]
    # A Spanish voice has no English sentences to say.
    assert service.said()[-1].text == language("es").idle_goodbye
    assert voices == ["aura-2-theia-en", "aura-2-celeste-es"]


# One that fails.


@pytest.mark.parametrize("fault", [{"refuse": 401}, {"refuse": 503}, {"hang": True}], ids=str)
@pytest.mark.parametrize("next_", ["openai", "anthropic"])
async def test_the_next_answers_what_the_llm_does_not(
    service: Service, llm: Stand, others: VendorServer, next_: str, fault: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    service.agent = agent(llm={"fallback": [{"vendor": next_}]})
    llm.fault(**fault)
    # Who hangs is bridged over with a filler.
    await a_turn(service, *(["agent"] * (2 if "hang" in fault else 1)))
    assert service.said()[-1].text == others.answers
    told = [r for r in caplog.records if r.message == "a vendor fails, and the next takes over"]
    assert [r.__dict__["stage"] for r in told] == ["llm"]


async def test_the_next_goes_on_where_the_llm_broke_off(
    service: Service, llm: Stand, others: VendorServer
) -> None:
    service.agent = agent(llm={"fallback": [{"vendor": "openai"}]})
    llm.fault(cut_after_words=2)
    others.answers = "meet you too."
    await a_turn(service, "agent", "agent")
    # Once by itself, and then by the next.
    assert [turn.text for turn in service.said()[2:]] == ["Great to Could you", "meet you too."]
    (asked,) = others.bodies("/v1/chat/completions")
    assert asked["messages"][-2] == {"role": "assistant", "content": "Great to Could you"}
    assert "cut off" in asked["messages"][-1]["content"]


@pytest.mark.parametrize("fault", [{"refuse": 401}, {"refuse": 503}, {"hang": True}], ids=str)
async def test_the_next_voice_speaks_the_greeting(
    service: Service, deepgram: Stand, others: VendorServer, fault: dict[str, Any]
) -> None:
    service.agent = agent(tts={"fallback": [{"vendor": "openai"}]})
    deepgram.fault(speak=fault)
    await a_turn(service)
    greeting = "Hi Sarah, this is an AI, and this call is recorded."
    assert service.said()[0].text == greeting
    assert next(body["input"] for body in others.bodies("/v1/audio/speech")) == greeting


async def test_the_next_voice_says_the_rest(
    service: Service, deepgram: Stand, others: VendorServer
) -> None:
    service.agent = agent(tts={"fallback": [{"vendor": "openai"}]})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        deepgram.fault(speak={"cut_after_seconds": 1.0, "refuse": 503})
        phone.say("tom-speaking")
        await phone.quiet(0.8)
        await phone.hang_up()
        await service.over()
    whole = service.said()[-1].text
    (rest, *_) = [body["input"] for body in others.bodies("/v1/audio/speech")]
    print(whole, "|", rest)
    assert rest.endswith("twenty.")
    assert 0 < len(rest.split()) <= 20


@pytest.mark.parametrize("fault", [{"refuse": 401}, {"refuse": 503}], ids=str)
async def test_the_next_ears_hear(
    service: Service, deepgram: Stand, others: VendorServer, fault: dict[str, Any]
) -> None:
    service.agent = agent(stt={"fallback": [{"vendor": "openai"}]})
    deepgram.fault(listen=fault)
    await a_turn(service, says=IN_ONE_BREATH)
    assert service.said()[1].text == others.hears


async def test_the_next_ears_hear_what_the_first_did_not_transcribe(
    service: Service, deepgram: Stand, others: VendorServer
) -> None:
    service.agent = agent(stt={"fallback": [{"vendor": "openai"}]})
    deepgram.fault(listen={"hang": True})
    await a_turn(service, says=IN_ONE_BREATH)
    assert service.said()[1].text == others.hears
    (heard, *_) = others.bodies("/v1/audio/transcriptions")
    assert heard["bytes"] > 20_000


async def test_the_next_ears_hear_what_was_said_as_the_first_were_cut(
    service: Service, deepgram: Stand, others: VendorServer
) -> None:
    """In the middle of it, and no attempt to connect anew is taken."""
    service.agent = agent(stt={"fallback": [{"vendor": "openai"}]})
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say(IN_ONE_BREATH)
        began = phone.now
        await phone.until(lambda: phone.now > began + 0.6)
        deepgram.fault(listen={"cut_after_seconds": 0, "refuse": 503})
        await phone.until(lambda: len(service.said()) >= 3)
        await phone.hang_up()
        await service.over()
    assert APOLOGY[0] not in bytes(phone.sound)
    assert service.said()[1].text == others.hears
    (heard, *_) = others.bodies("/v1/audio/transcriptions")
    assert heard["bytes"] > 20_000


async def test_nobody_takes_connections_and_the_next_do(
    others: VendorServer, loaded: models.Models
) -> None:
    """All three refused by the host itself: nothing listens there."""
    nowhere = "127.0.0.1:9"
    async with serving(
        f"ws://{nowhere}", f"http://{nowhere}/v1", loaded, openai_base_url=f"{others.url}/v1"
    ) as service:
        fallback = {"fallback": [{"vendor": "openai"}]}
        service.agent = agent(stt=fallback, llm=fallback, tts=fallback)
        await a_turn(service, says=IN_ONE_BREATH)
        assert [turn.text for turn in service.said()[1:]] == [others.hears, others.answers]


async def test_after_the_last_one_there_is_the_apology(
    service: Service, llm: Stand, others: VendorServer
) -> None:
    service.agent = agent(llm={"fallback": [{"vendor": "openai"}, {"vendor": "anthropic"}]})
    llm.fault(refuse=401)
    others.refuses = {"/chat/completions", "/messages"}
    async with service.answered() as phone:
        await phone.quiet(0.3)
        phone.say("yes")
        await phone.closed()
        await service.over()
    assert APOLOGY[0] in bytes(phone.sound)
    assert service.said()[-1].kind == "apology"
    assert [path for path, _ in others.asked] == ["/v1/chat/completions", "/v1/messages"]


async def test_whoever_is_not_needed_is_not_connected_to(
    service: Service, deepgram: Stand, others: VendorServer
) -> None:
    service.agent = agent(
        stt={"vendor": "openai", "fallback": [{}]}, tts={"vendor": "openai", "fallback": [{}]}
    )
    deepgram.fault(listen={"refuse": 401}, speak={"refuse": 401})
    await a_turn(service, says=IN_ONE_BREATH)
