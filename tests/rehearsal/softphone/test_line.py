"""Calls to somebody at a page: the whole way from Twilio's REST API to the page's socket."""

import asyncio
import base64

import aiohttp
import pytest

from rehearsal.mulaw import FRAME, SILENT_FRAME
from tests.rehearsal.twilio.stage import FROM, SPEECH, Folder, Product, Rehearsed, Session
from tests.rehearsal.twilio.test_full_call import stream_twiml

from .tab import Tabs

NUMBER = "+15550000002"
VOICE = SPEECH[:FRAME]
"""20 ms of the person's own."""


async def test_somebody_answers_talks_presses_a_key_and_hangs_up(
    network: Rehearsed, product: Product, tabs: Tabs
) -> None:
    tab = await tabs.open()
    heard: list[bytes] = []
    digits: list[str] = []

    async def agent(session: Session) -> None:
        await session.next("start")
        await session.say(SPEECH)
        while VOICE not in heard:
            body = await session.next("media")
            heard.append(base64.b64decode(body["media"]["payload"]))
        digits.append((await session.next("dtmf"))["dtmf"]["digit"])
        await session.drain()

    product.on_stream = agent
    product.twiml["/twiml"] = stream_twiml(product)
    sid = await network.dial(NUMBER)

    ringing = await tab.told("ringing")
    assert ringing == {"event": "ringing", "call_sid": sid, "caller": FROM, "called": NUMBER}
    assert network.exchange.calls[sid].call.status == "ringing"
    await tab.tell("answer")
    await tab.told("answered")
    await product.hook("/stream-status", StreamEvent="stream-started")
    while VOICE not in heard:
        await tab.say(VOICE)
        await asyncio.sleep(0.02)
    await tab.tell("digits", digits="5")
    while not digits:
        await asyncio.sleep(0.01)
    assert digits == ["5"]
    await tab.tell("hang_up")
    await tab.told("ended")

    assert any(frame != SILENT_FRAME for frame in tab.heard)
    assert {len(frame) for frame in tab.heard} == {FRAME}
    assert (await network.ended(sid)).form["CallStatus"] == "completed"
    events = network.events(sid)
    assert next(event for event in events if event["event"] == "hung_up")["by"] == "callee"
    assert {"agent_speech_started", "dtmf"} <= set(network.names(sid))


async def test_somebody_who_declines_is_busy(network: Rehearsed, tabs: Tabs) -> None:
    tab = await tabs.open()
    sid = await network.dial(NUMBER)
    await tab.told("ringing")
    await tab.tell("decline")
    await tab.told("ended")
    assert (await network.ended(sid)).form["CallStatus"] == "busy"


async def test_nobody_hears_it_ring_without_a_page(network: Rehearsed, tabs: Tabs) -> None:
    sid = await network.dial(NUMBER, timeout=1)
    assert (await network.ended(sid)).form["CallStatus"] == "no-answer"


async def test_a_page_that_opens_while_it_rings_rings(
    network: Rehearsed, product: Product, tabs: Tabs
) -> None:
    product.twiml["/twiml"] = "<Response><Hangup/></Response>"
    sid = await network.dial(NUMBER)
    await product.hook("/status", CallStatus="ringing")
    tab = await tabs.open()
    assert (await tab.told("ringing"))["call_sid"] == sid
    await tab.tell("answer")
    await tab.told("answered")
    await tab.told("ended")  # by the caller
    assert (await network.ended(sid)).form["CallStatus"] == "completed"


async def test_a_call_that_is_given_up_stops_ringing(network: Rehearsed, tabs: Tabs) -> None:
    tab = await tabs.open()
    sid = await network.dial(NUMBER)
    await tab.told("ringing")
    await network.do(lambda: network.client.calls(sid).update(status="canceled"))
    await tab.told("ended")
    await tab.tell("answer")  # too late: nothing happens
    assert (await network.ended(sid)).form["CallStatus"] == "canceled"


async def test_whoever_talks_is_busy(network: Rehearsed, product: Product, tabs: Tabs) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    tab = await tabs.open()
    first = await network.dial(NUMBER)
    await tab.told("ringing")
    await tab.tell("answer")
    await tab.told("answered")
    second = await network.dial("+15550000009")
    assert (await network.ended(second)).form["CallStatus"] == "busy"
    assert network.exchange.calls[first].call.status == "in-progress"


async def test_a_page_that_goes_has_hung_up(
    network: Rehearsed, product: Product, tabs: Tabs
) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    tab = await tabs.open()
    sid = await network.dial(NUMBER)
    await tab.told("ringing")
    await tab.tell("answer")
    await tab.told("answered")
    await tab.socket.close()
    assert (await network.ended(sid)).form["CallStatus"] == "completed"
    events = network.events(sid)
    assert next(event for event in events if event["event"] == "hung_up")["by"] == "callee"


async def test_the_newest_tab_rings_and_the_other_is_told(network: Rehearsed, tabs: Tabs) -> None:
    old = await tabs.open()
    sid = await network.dial(NUMBER)
    await old.told("ringing")
    new = await tabs.open()
    await old.told("replaced")
    await old.told("ended")
    await old.tell("answer")  # it is not the phone any more
    await new.told("ringing")
    await new.tell("decline")
    await new.told("ended")
    assert (await network.ended(sid)).form["CallStatus"] == "busy"


async def test_a_call_goes_on_in_the_tab_that_answered_it(
    network: Rehearsed, product: Product, tabs: Tabs
) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    old = await tabs.open()
    sid = await network.dial(NUMBER)
    await old.told("ringing")
    await old.tell("answer")
    await old.told("answered")
    new = await tabs.open()
    await old.told("replaced")
    await new.socket.close()
    assert network.exchange.calls[sid].call.status == "in-progress"
    await old.tell("hang_up")
    await old.told("ended")
    assert (await network.ended(sid)).form["CallStatus"] == "completed"


async def test_a_number_of_a_scenario_does_not_ring_here(
    folder: Folder, network: Rehearsed, product: Product, tabs: Tabs
) -> None:
    product.twiml["/twiml"] = "<Response><Hangup/></Response>"
    tab = await tabs.open()
    await network.ended(await network.dial("+15550100001"))
    other = await network.dial(NUMBER)
    assert (await tab.told("ringing"))["call_sid"] == other
    await tab.tell("decline")
    await network.ended(other)


async def test_somebody_may_be_transferred_here(
    folder: Folder, network: Rehearsed, product: Product, tabs: Tabs
) -> None:
    product.twiml["/twiml"] = (
        f'<Response><Dial action="/after" timeout="9"><Number>{NUMBER}</Number></Dial></Response>'
    )
    product.twiml["/after"] = "<Response><Hangup/></Response>"
    tab = await tabs.open()
    sid = await network.dial("+15550100001")
    assert (await tab.told("ringing"))["call_sid"] == sid
    await tab.tell("answer")
    await tab.told("answered")
    await tab.tell("hang_up")
    await tab.told("ended")
    assert (await product.hook("/after")).form["DialCallStatus"] == "completed"
    await network.ended(sid)


@pytest.mark.parametrize(
    "nonsense",
    ["nope", "[]", "{}", '{"event": "digits"}', '{"event": "digits", "digits": "x"}', b"short"],
)
async def test_nonsense_does_nothing(network: Rehearsed, tabs: Tabs, nonsense: str | bytes) -> None:
    tab = await tabs.open()
    sid = await network.dial(NUMBER)
    await tab.told("ringing")
    if isinstance(nonsense, str):
        await tab.socket.send_str(nonsense)
    else:
        await tab.say(nonsense)
    await tab.tell("decline")
    await tab.told("ended")
    assert (await network.ended(sid)).form["CallStatus"] == "busy"


async def test_a_browser_does_not_reach_the_network_past_the_gateway(network: Rehearsed) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(
                f"{network.url}/_rehearsal/phone", headers={"Origin": network.url}
            )
    assert caught.value.status == 403
