"""Misfortunes, in order and in effect."""

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from rehearsal.twilio.fault import CALL, CREATE, Faults

from .stage import Product, Rehearsed, Session
from .test_full_call import stream_twiml


def test_each_is_used_up() -> None:
    faults = Faults()
    faults.put({"name": "create_429", "times": 2})
    faults.put({"name": "webhook_delay", "seconds": 1, "path": "/status"})
    assert faults.take(CREATE) == {"create_429": {}}
    assert faults.take(CREATE) == {"create_429": {}}
    assert faults.take(CREATE) == {}
    assert faults.take(CALL) == {"webhook_delay": {"seconds": 1, "path": "/status"}}
    assert faults.listed() == []


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"name": "rain"},
        {"name": "create_429", "times": 0},
        {"name": "create_429", "seconds": 1},
        {"name": "webhook_lost", "path": 1},
        {"name": "redirect_on_broken", "then": "sing"},
    ],
)
def test_a_wrong_order_is_refused(order: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Faults().put(order)


async def admin(network: Rehearsed, method: str, path: str, body: object = None) -> Any:
    def ask() -> Any:
        request = urllib.request.Request(
            f"{network.url}/_rehearsal{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize(("name", "status"), [("create_429", 429), ("create_500", 500)])
async def test_a_refused_create_makes_no_call(network: Rehearsed, name: str, status: int) -> None:
    await admin(network, "PUT", "/faults", {"name": name})
    with pytest.raises(TwilioRestException) as refused:
        await network.dial()
    assert refused.value.status == status
    assert await admin(network, "GET", "/calls") == []
    await network.dial()


async def test_an_ambiguous_create_makes_one(network: Rehearsed, product: Product) -> None:
    await admin(network, "PUT", "/faults", {"name": "create_500_after"})
    product.twiml["/twiml"] = "<Response><Hangup/></Response>"
    with pytest.raises(TwilioRestException) as refused:
        await network.dial()
    assert refused.value.code == 20500
    (call,) = await admin(network, "GET", "/calls")
    await network.ended(call["sid"])
    events = await admin(network, "GET", f"/calls/{call['sid']}/events")
    assert events[0]["faults"] == ["create_500_after"]
    found = await network.do(lambda: network.client.calls.list(to=call["to"]))
    assert [each.sid for each in found] == [call["sid"]]


async def test_a_transfer_that_hangs_is_not_made(network: Rehearsed, product: Product) -> None:
    await admin(network, "PUT", "/faults", {"name": "transfer_hangs", "seconds": 0.1})
    product.twiml["/twiml"] = '<Response><Pause length="60"/></Response>'
    sid = await network.dial()
    while "answered" not in network.names(sid):
        await asyncio.sleep(0.01)
    dial = "<Response><Dial>+15550100007</Dial></Response>"
    with pytest.raises(TwilioRestException) as refused:
        await network.do(lambda: network.client.calls(sid).update(twiml=dial))
    assert refused.value.status == 500
    assert "redirected" not in network.names(sid)
    await network.do(lambda: network.client.calls(sid).update(twiml=dial))
    assert network.names(sid).count("redirected") == 1


async def test_webhooks_come_twice_late_or_never(network: Rehearsed, product: Product) -> None:
    await admin(network, "PUT", "/faults", {"name": "webhook_duplicate", "path": "/twiml"})
    await admin(network, "PUT", "/faults", {"name": "webhook_lost", "path": "/status"})
    await admin(network, "PUT", "/faults", {"name": "webhook_delay", "seconds": 0.3})
    product.twiml["/twiml"] = "<Response><Hangup/></Response>"
    sid = await network.dial()
    await product.hook("/twiml", 2)
    while network.names(sid).count("webhook_lost") < 4:
        await asyncio.sleep(0.01)
    assert [hook.path for hook in product.hooks] == ["/twiml", "/twiml"]
    assert network.names(sid).count("webhook_lost") == 4
    events = network.events(sid)
    answered = next(event["at"] for event in events if event["event"] == "answered")
    sent = next(event["at"] for event in events if event["event"] == "webhook_sent")
    assert sent - answered >= 0.3


async def test_one_report_of_several_can_be_meant(network: Rehearsed, product: Product) -> None:
    order = {"name": "webhook_delay", "path": "/status", "status": "ringing", "seconds": 0.5}
    await admin(network, "PUT", "/faults", order)
    product.twiml["/twiml"] = "<Response><Hangup/></Response>"
    await network.dial()
    await product.hook("/status", CallStatus="ringing")
    reported = [hook.form["CallStatus"] for hook in product.hooks if hook.path == "/status"]
    assert reported[-2:] == ["completed", "ringing"]


async def test_a_cut_stream_has_no_close_frame(network: Rehearsed, product: Product) -> None:
    codes: list[int | None] = []

    async def agent(session: Session) -> None:
        await session.drain()
        codes.append(session.socket.close_code)

    product.on_stream = agent
    product.twiml["/twiml"] = stream_twiml(product)
    await admin(network, "PUT", "/faults", {"name": "stream_cut", "seconds": 0.2})
    sid = await network.dial()
    await network.ended(sid)
    assert codes == [1006]
    await product.hook("/stream-status", StreamEvent="stream-error")


async def test_orders_can_be_cancelled_and_are_checked(network: Rehearsed) -> None:
    await admin(network, "PUT", "/faults", {"name": "create_429"})
    assert await admin(network, "GET", "/faults") == [{"name": "create_429", "times": 1}]
    assert await admin(network, "DELETE", "/faults") == []
    with pytest.raises(urllib.error.HTTPError) as refused:
        await admin(network, "PUT", "/faults", {"name": "rain"})
    refused.value.close()
    assert refused.value.code == 400


async def test_an_account_has_misfortunes_too(network: Rehearsed) -> None:
    client = network.client
    client.voice.base_url = network.url
    for name in ("account_trial", "number_without_voice", "country_closed"):
        await admin(network, "PUT", "/faults", {"name": name})

    def asked() -> tuple[str, bool, bool]:
        (number,) = client.incoming_phone_numbers.list()
        country = client.voice.v1.dialing_permissions.countries("US").fetch()
        account = client.api.accounts(client.username).fetch()
        return account.type, number.capabilities["voice"], country.low_risk_numbers_enabled

    assert await network.do(asked) == ("Trial", False, False)
    assert await network.do(asked) == ("Full", True, True)
