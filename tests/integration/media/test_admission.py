"""Who is let in, and that a refused stream reaches no vendor."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import InvalidStatus

from calls import stream_token
from calls.call import EndReason
from media_service.listening.models import Models
from tests.integration.media.conftest import (
    AUTH_TOKEN,
    CALL_SID,
    SECRET,
    BlackHole,
    Service,
    serving,
)
from tests.integration.media.phone import Phone, dial


@pytest.fixture
async def doors(hole: BlackHole, loaded: Models) -> AsyncIterator[Service]:
    """A service whose vendors count who comes."""
    async with serving(f"ws://{hole.at}", f"http://{hole.at}/openai/v1", loaded) as service:
        yield service
        await asyncio.sleep(0.05)
        assert hole.connections == 0


async def refused(service: Service, phone: Phone) -> None:
    await phone.closed(2)
    assert phone.closed_with == 1008
    assert len(service.live) == 0
    assert service.said() == []
    assert service.telephony.recorded == []


@pytest.mark.parametrize("signature", ["", "bm90IGl0", "é".encode().hex()])
async def test_a_handshake_that_twilio_did_not_sign(doors: Service, signature: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await doors.dial(signature)
    assert refusal.value.response.status_code == 403


async def test_a_signature_over_the_address_that_was_dialled(doors: Service) -> None:
    """Only the public address counts, whatever Host a request names."""
    with pytest.raises(InvalidStatus):
        await dial(doors.url, signed_url=doors.url, token=AUTH_TOKEN)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"token": "x"},
        {"token": "9999999999.00"},
        {"leg": "2"},
        {"leg": "0"},
        {"leg": "11"},
        {"leg": "one"},
        {"call_id": "01OTHER"},
        {"call_id": ""},
    ],
    ids=str,
)
async def test_a_stream_that_is_not_the_calls(doors: Service, parameters: dict[str, str]) -> None:
    call = doors.call()
    given = {"call_id": call.call_id, "leg": "1", "token": doors.token(call), **parameters}
    async with await doors.dial() as phone:
        await phone.start(CALL_SID, **(given if parameters else {}))
        await refused(doors, phone)
    assert doors.records.get("01CALL").active_leg == 0


async def test_another_calls_token(doors: Service) -> None:
    call, other = doors.call(), doors.call("01OTHER", "CA2")
    async with await doors.dial() as phone:
        await phone.start(CALL_SID, call_id=call.call_id, leg="1", token=doors.token(other))
        await refused(doors, phone)


async def test_the_token_on_another_callsid(doors: Service) -> None:
    call = doors.call()
    async with await doors.dial() as phone:
        await phone.start("CA2", call_id=call.call_id, leg="1", token=doors.token(call))
        await refused(doors, phone)


async def test_a_callsid_other_than_the_bound_one(doors: Service) -> None:
    call = doors.call()
    token = stream_token.sign(SECRET, call.call_id, 1, "CA2", call.stream_until)
    async with await doors.dial() as phone:
        await phone.start("CA2", call_id=call.call_id, leg="1", token=token)
        await refused(doors, phone)


async def test_a_used_leg(doors: Service) -> None:
    call = doors.call(active_leg=1)
    async with await doors.dial() as phone:
        await phone.start(CALL_SID, call_id=call.call_id, leg="1", token=doors.token(call))
        await refused(doors, phone)


async def test_a_call_that_was_ended_on_purpose(doors: Service) -> None:
    call = doors.call(active_leg=1, end_reason=EndReason.IDLE)
    async with await doors.dial() as phone:
        await phone.start(CALL_SID, call_id=call.call_id, leg="2", token=doors.token(call, 2))
        await refused(doors, phone)


async def test_no_start_comes(doors: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_service.process.app.START_SECONDS", 0.2)
    async with await doors.dial() as phone:
        await phone.send({"event": "connected"})
        for frame in ("nope", "[1]", b"\x00", '{"event": "media"}'):
            await phone.send(frame)
        await asyncio.wait_for(phone.socket.wait_closed(), 2)
        assert phone.socket.close_code == 1008


async def test_a_draining_task_takes_no_call(doors: Service) -> None:
    """Twilio then fetches the next leg, and another task takes it."""
    call = doors.call()
    doors.live.accepting = False
    async with await doors.dial() as phone:
        await phone.start(CALL_SID, call_id=call.call_id, leg="1", token=doors.token(call))
        await phone.closed(2)
        assert phone.closed_with == 1012
    assert doors.records.get("01CALL").active_leg == 0


async def test_the_record_cannot_be_reached(
    doors: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise OSError("no table")

    monkeypatch.setattr(doors.records, "update", breaks)
    call = doors.call()
    async with await doors.dial() as phone:
        await phone.start(CALL_SID, call_id=call.call_id, leg="1", token=doors.token(call))
        await phone.closed(2)
        assert phone.closed_with == 1012


async def test_alive_is_all_that_the_health_check_says(doors: Service) -> None:
    import httpx

    doors.live.accepting = False
    async with httpx.AsyncClient() as client:
        answer = await client.get(doors.url.replace("ws://", "http://").replace("/ws", "/healthz"))
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
