"""Somebody phones a number of the account."""

import asyncio
from typing import Any

import httpx

from .stage import FROM, SPEECH, Folder, Product, Rehearsed, Session, rehearsed
from .test_full_call import stream_twiml

CALLER = "+15550100009"


async def connect(network: Rehearsed, product: Product) -> None:
    """As ``dialout numbers connect`` does."""

    def point() -> None:
        (number,) = network.client.incoming_phone_numbers.list(phone_number=FROM)
        number.update(voice_url=f"{product.url}/inbound", status_callback=f"{product.url}/status")

    await network.do(point)


async def ring(network: Rehearsed, **more: Any) -> httpx.Response:
    body = {"from": CALLER, "to": FROM, **more}
    async with httpx.AsyncClient() as client:
        return await client.post(f"{network.url}/_rehearsal/inbound", json=body)


async def rung(network: Rehearsed, **more: Any) -> str:
    answer = await ring(network, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


async def test_a_caller_is_put_through_as_twilio_does(folder: Folder, product: Product) -> None:
    folder.clip("hello", 0.3)
    script = ({"agent_finishes": 0.2}, {"say": "hello"}, {"hang_up": True})
    folder.answering(CALLER, *script)
    product.twiml["/inbound"] = stream_twiml(product)

    async def greet(session: Session) -> None:
        await session.next("start")
        await session.say(SPEECH)
        await session.drain()

    product.on_stream = greet
    async with rehearsed(folder, product) as network:
        await connect(network, product)
        sid = await rung(network)
        asked = await product.hook("/inbound")
        end = await network.ended(sid)

        assert asked.signed
        assert end.signed
        wanted = {
            "CallSid": sid, "From": CALLER, "To": FROM, "Direction": "inbound",
            "CallStatus": "ringing",
        }  # fmt: skip
        assert wanted.items() <= asked.form.items()
        assert end.form["CallStatus"] == "completed"
        assert int(end.form["CallDuration"]) >= 1
        # A number's callback hears of the end alone.
        assert [hook.form["CallStatus"] for hook in product.hooks if hook.path == "/status"] == [
            "completed"
        ]
        names = network.names(sid)
        for earlier, later in (
            ("ringing", "webhook_answered"), ("webhook_answered", "answered"),
            ("answered", "stream_open"), ("agent_speech_stopped", "callee_clip_started"),
            ("callee_clip_ended", "hung_up"),
        ):  # fmt: skip
            assert names.index(earlier) < names.index(later), names
        call = await network.do(lambda: network.client.calls(sid).fetch())
        assert (call.direction, call.status) == ("inbound", "completed")


async def test_a_caller_may_be_named_by_scenario(folder: Folder, product: Product) -> None:
    folder.answering("+15550100077", {"hang_up": True}, name="impatient")
    product.twiml["/inbound"] = '<Response><Pause length="9"/></Response>'
    async with rehearsed(folder, product) as network:
        await connect(network, product)
        sid = await rung(network, scenario="impatient")
        end = await network.ended(sid)
        assert end.form["From"] == CALLER
        assert network.exchange.calls[sid].call.scenario == "impatient"


async def test_a_caller_hears_an_apology_where_there_are_no_instructions(
    network: Rehearsed, product: Product
) -> None:
    product.status["/inbound"] = 500
    await connect(network, product)
    sid = await rung(network)
    await network.ended(sid)
    assert "error" in network.names(sid)
    assert "agent_speech_started" in network.names(sid)


async def test_a_rejected_caller_was_never_answered(network: Rehearsed, product: Product) -> None:
    product.twiml["/inbound"] = "<Response><Reject/></Response>"
    await connect(network, product)
    sid = await rung(network)
    end = await network.ended(sid)
    assert (end.form["CallStatus"], end.form["CallDuration"]) == ("busy", "0")
    assert "answered" not in network.names(sid)


async def test_a_caller_may_be_gone_before_there_are_instructions(
    network: Rehearsed, product: Product
) -> None:
    network.exchange.faults.put({"name": "webhook_delay", "path": "/inbound", "seconds": 30})
    await connect(network, product)
    sid = await rung(network)
    while network.exchange.calls[sid].call.status != "ringing":
        await asyncio.sleep(0.01)
    await network.do(lambda: network.client.calls(sid).update(status="canceled"))
    assert (await network.ended(sid)).form["CallStatus"] == "canceled"


async def test_nobody_is_put_through_to_nowhere(network: Rehearsed, product: Product) -> None:
    unconnected = await ring(network)
    assert (unconnected.status_code, "VoiceUrl" in unconnected.text) == (409, True)
    await connect(network, product)
    assert (await ring(network, to="+15559999999")).status_code == 409
    assert (await ring(network, scenario="nothing")).status_code == 409
    assert (await ring(network, to=None)).status_code == 409
    async with httpx.AsyncClient() as client:
        odd = await client.post(f"{network.url}/_rehearsal/inbound", content=b"[]")
    assert odd.status_code == 400
