"""The server over real sockets, with engines of cardboard."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.rehearsal.deepgram.fakes import (
    FakeClock,
    FakeRecognizer,
    FakeVoice,
    pcm,
    settle,
    silence,
    tone,
)
from tests.rehearsal.deepgram.serving import Service, serving

KEY = {"Authorization": "Token rehearsal"}
LISTEN = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"
SPEAK = "/v1/speak?model=aura-2-theia-en&encoding=linear16&sample_rate=16000"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def service(clock: FakeClock) -> AsyncIterator[Service]:
    async with serving(FakeRecognizer(), FakeVoice(), clock=clock) as service:
        yield service


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def faults(http: aiohttp.ClientSession, service: Service, **wanted: object) -> None:
    async with http.put(f"{service.http}/_rehearsal/faults", json=wanted) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", [LISTEN, SPEAK])
async def test_a_client_without_a_key_is_refused(
    service: Service, http: aiohttp.ClientSession, path: str
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await http.ws_connect(service.http + path)
    assert refusal.value.status == 401
    assert refusal.value.headers is not None
    assert refusal.value.headers["dg-error"] == "Invalid credentials."


@pytest.mark.parametrize("path", [LISTEN.replace("nova-3", "nova-9"), SPEAK + "&speed=9"])
async def test_a_wrong_parameter_is_refused(
    service: Service, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(service.http + path, headers=KEY) as answer:
        assert answer.status == 400
        assert set(await answer.json()) == {"err_code", "err_msg", "request_id"}


async def test_an_idle_stream_is_closed_as_deepgram_closes_it(
    service: Service, http: aiohttp.ClientSession, clock: FakeClock
) -> None:
    async with http.ws_connect(service.http + LISTEN, headers=KEY) as socket:
        await settle()
        await clock.advance(10.1)
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1011)
        assert "NET-0001" in str(message.extra)


async def test_a_client_may_leave_at_any_moment(
    service: Service, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(service.http + LISTEN, headers=KEY) as socket:
        await socket.send_bytes(pcm(tone(1)))
    async with http.ws_connect(service.http + SPEAK, headers=KEY) as socket:
        await socket.send_json({"type": "Speak", "text": "And so on. " * 50})


@pytest.mark.parametrize("status", [401, 503])
async def test_one_service_refuses_and_the_other_works(
    service: Service, http: aiohttp.ClientSession, status: int
) -> None:
    await faults(http, service, listen={"refuse": status})
    async with http.get(service.http + LISTEN, headers=KEY) as answer:
        assert answer.status == status
    async with http.ws_connect(service.http + SPEAK, headers=KEY) as socket:
        assert (await socket.receive_json())["type"] == "Metadata"


async def test_a_service_hangs_on_open_streams_too(
    service: Service, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(service.http + LISTEN, headers=KEY) as socket:
        await faults(http, service, listen={"hang": True})
        await socket.send_bytes(pcm(tone(1)))
        await socket.send_json({"type": "Finalize"})
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.1)


async def test_a_stream_breaks_without_a_word(
    service: Service, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(service.http + SPEAK, headers=KEY) as socket:
        await socket.receive_json()
        await faults(http, service, speak={"cut_after_seconds": 0.05})
        assert (await socket.receive()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
        assert socket.close_code == 1006
    async with http.ws_connect(service.http + SPEAK, headers=KEY) as later:
        await later.receive_json()
        assert (await later.receive()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)


async def test_faults_can_be_seen_and_lifted(service: Service, http: aiohttp.ClientSession) -> None:
    address = f"{service.http}/_rehearsal/faults"
    await faults(http, service, speak={"hang": True})
    async with http.get(address) as answer:
        assert await answer.json() == {"speak": {"hang": True}}
    async with http.delete(address) as answer:
        assert await answer.json() == {}
    async with http.put(address, json={"speak": {"explode": True}}) as answer:
        assert answer.status == 400


async def test_speech_in_one_request(service: Service, http: aiohttp.ClientSession) -> None:
    path = SPEAK.replace("16000", "8000")
    async with http.post(service.http + path, headers=KEY, json={"text": "Hello"}) as answer:
        assert answer.content_type == "audio/wav"
        assert (await answer.read())[:4] == b"RIFF"
    bare = path.replace("linear16", "mulaw") + "&container=none"
    async with http.post(service.http + bare, headers=KEY, json={"text": "Hello"}) as answer:
        assert len(await answer.read()) == 4000
    async with http.post(service.http + path, headers=KEY, data=b"{") as answer:
        assert answer.status == 400


async def test_streams_do_not_mix(service: Service, http: aiohttp.ClientSession) -> None:
    async def call(seconds: float) -> str:
        async with http.ws_connect(service.http + LISTEN, headers=KEY) as socket:
            await socket.send_bytes(pcm(tone(seconds)) + pcm(silence(0.1)))
            await socket.send_json({"type": "Finalize"})
            answer = await socket.receive_json()
            return str(answer["channel"]["alternatives"][0]["transcript"])

    heard = await asyncio.gather(*(call(seconds) for seconds in (0.5, 1.5, 2.5)))
    assert heard == ["word", "word word", "word word word"]


async def test_a_key_is_told_whether_it_is_one(
    service: Service, http: aiohttp.ClientSession
) -> None:
    token = f"{service.http}/v1/auth/token"
    async with http.get(token, headers=KEY) as answer:
        assert (answer.status, set(await answer.json())) == (200, {"api_key_id", "scopes"})
    async with http.get(token) as answer:
        assert answer.status == 401
    await faults(http, service, account={"refuse": 401})
    async with http.get(token, headers=KEY) as answer:
        assert answer.status == 401
