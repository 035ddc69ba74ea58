"""What every phone network does: the tests' fake, and Twilio's adapter on the rehearsed network."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from calls.adapters.twilio_telephony import TwilioTelephony
from calls.ports import Telephony, TelephonyError, TwilioCall
from tests.fakes import FakeTelephony
from tests.rehearsal.twilio.stage import (
    ACCOUNT,
    FROM,
    Folder,
    Rehearsed,
    rehearsed,
    serving_product,
)

HANG_UP = "<Response><Hangup/></Response>"
NOBODY = "CA" + "0" * 32


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Rehearsed]:
    folder = Folder(tmp_path)
    folder.answering("+15550100003", rings_for=30)
    folder.answering("+15550100007", {"pause": 0.3}, {"hang_up": True})
    async with serving_product() as product, rehearsed(folder, product) as running:
        yield running


@pytest.fixture(params=["fake", "twilio"])
def telephony(request: pytest.FixtureRequest, network: Rehearsed) -> Telephony:
    if request.param == "fake":
        return FakeTelephony()
    return TwilioTelephony(ACCOUNT.sid, ACCOUNT.token, network.url)


def ringing(telephony: Telephony, network: Rehearsed) -> str:
    return telephony.create_call(
        to="+15550100003", from_=FROM, url=f"{network.product.url}/twiml",
        status_callback=f"{network.product.url}/status", ring_seconds=60, max_call_seconds=600,
    )  # fmt: skip


def talking(telephony: Telephony, network: Rehearsed) -> str:
    return telephony.create_call(
        to="+15550100001", from_=FROM, url=f"{network.product.url}/twiml",
        status_callback=f"{network.product.url}/status", ring_seconds=60, max_call_seconds=60,
    )  # fmt: skip


async def test_a_call_is_made_and_hung_up_and_that_may_be_repeated(
    telephony: Telephony, network: Rehearsed
) -> None:
    sid = await asyncio.to_thread(ringing, telephony, network)
    assert sid.startswith("CA")
    assert len(sid) == 34
    for _ in range(2):
        await asyncio.to_thread(telephony.hang_up, sid)


async def test_a_talking_call_is_transferred_and_ends_with_that(
    network: Rehearsed, twilio: TwilioTelephony
) -> None:
    """The live call takes the TwiML over REST, drops what it did before, and asks for no more."""
    network.product.twiml["/twiml"] = (
        '<Response><Pause length="60"/><Redirect>/never</Redirect></Response>'
    )
    sid = await asyncio.to_thread(talking, twilio, network)
    await _until(lambda: twilio.status(sid) == TwilioCall(sid, "in-progress"))
    assert not await asyncio.to_thread(twilio.dialled, sid)
    await asyncio.to_thread(twilio.transfer, sid, "+15550100007", FROM)
    await _until(lambda: twilio.dialled(sid))
    await _until(lambda: (twilio.status(sid) or TwilioCall(sid, "")).status == "completed")
    dialled = [event for event in network.events(sid) if event["event"] == "dialled"]
    assert [event["status"] for event in dialled] == ["completed"]
    assert await asyncio.to_thread(twilio.dialled, sid), "it is known afterwards too"
    assert not any(hook.path == "/never" for hook in network.product.hooks)


@pytest.mark.parametrize("sid", ["ended", NOBODY])
async def test_a_call_that_is_over_is_not_transferred(
    network: Rehearsed, twilio: TwilioTelephony, sid: str
) -> None:
    if sid == "ended":
        sid = await asyncio.to_thread(ringing, twilio, network)
        await asyncio.to_thread(twilio.hang_up, sid)
    with pytest.raises(TelephonyError) as caught:
        await asyncio.to_thread(twilio.transfer, sid, "+15550100007", FROM)
    assert caught.value.ambiguous is False


async def test_twilio_is_asked_who_answered_beside_the_call(
    network: Rehearsed, twilio: TwilioTelephony
) -> None:
    network.product.twiml["/twiml"] = '<Response><Pause length="60"/></Response>'
    await asyncio.to_thread(
        lambda: twilio.create_call(
            to="+15550100001", from_=FROM, url=f"{network.product.url}/twiml",
            status_callback=f"{network.product.url}/status", ring_seconds=60,
            max_call_seconds=60, answered_by_callback=f"{network.product.url}/answered-by",
        )
    )  # fmt: skip
    await _until(lambda: any(hook.path == "/answered-by" for hook in network.product.hooks))
    told = [hook for hook in network.product.hooks if hook.path == "/answered-by"]
    assert [hook.form["AnsweredBy"] for hook in told] == ["human"]


@pytest.fixture
def twilio(network: Rehearsed) -> TwilioTelephony:
    return TwilioTelephony(ACCOUNT.sid, ACCOUNT.token, network.url)


async def test_hanging_up_what_is_not_there_is_nothing(twilio: TwilioTelephony) -> None:
    await asyncio.to_thread(twilio.hang_up, NOBODY)


async def fault(network: Rehearsed, name: str, **more: Any) -> None:
    async with aiohttp.ClientSession() as session:
        body = {"name": name, **more}
        async with session.put(f"{network.url}/_rehearsal/faults", json=body) as answer:
            assert answer.status < 300, await answer.text()


@pytest.mark.parametrize(
    ("name", "ambiguous", "made"),
    [("create_429", False, 0), ("create_500", True, 0), ("create_500_after", True, 1)],
)
async def test_what_twilio_says_tells_whether_it_may_have_called(
    network: Rehearsed, twilio: TwilioTelephony, name: str, ambiguous: bool, made: int
) -> None:
    await fault(network, name)
    with pytest.raises(TelephonyError) as caught:
        await asyncio.to_thread(ringing, twilio, network)
    assert caught.value.ambiguous is ambiguous
    # Asked once: the library does not repeat it behind our back.
    assert len(await network.do(network.client.calls.list)) == made


async def test_a_refusal_carries_twilios_code(network: Rehearsed, twilio: TwilioTelephony) -> None:
    def refused() -> None:
        twilio.create_call(
            to="555", from_=FROM, url="http://127.0.0.1:9/", status_callback="http://127.0.0.1:9/",
            ring_seconds=60, max_call_seconds=600,
        )  # fmt: skip

    with pytest.raises(TelephonyError) as caught:
        await asyncio.to_thread(refused)
    assert (caught.value.code, caught.value.ambiguous) == (21211, False)


async def test_a_network_that_cannot_be_reached_has_not_called(
    network: Rehearsed, unused_tcp_port: int
) -> None:
    nowhere = TwilioTelephony(ACCOUNT.sid, ACCOUNT.token, f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(TelephonyError) as caught:
        await asyncio.to_thread(ringing, nowhere, network)
    assert caught.value.ambiguous is False


async def test_a_talking_call_is_recorded_and_its_recording_fetched(
    network: Rehearsed, twilio: TwilioTelephony
) -> None:
    network.product.twiml["/twiml"] = '<Response><Pause length="1"/></Response>'

    sid = await asyncio.to_thread(talking, twilio, network)
    await _until(lambda: twilio.status(sid) == TwilioCall(sid, "in-progress"))
    minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    listed = await asyncio.to_thread(twilio.created_since, "+15550100001", FROM, minute_ago)
    assert [call.call_sid for call in listed] == [sid]
    assert await asyncio.to_thread(twilio.created_since, "+15550100009", FROM, minute_ago) == []
    assert await asyncio.to_thread(twilio.status, NOBODY) is None
    recording = await asyncio.to_thread(
        twilio.start_recording, sid, f"{network.product.url}/recording-status"
    )
    await _until(lambda: network.client.recordings(recording).fetch().status == "completed")
    wav = await asyncio.to_thread(twilio.recording, recording)
    assert wav[:4] == b"RIFF"
    assert wav[22:24] == b"\x02\x00", "both sides, each on its channel"


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(true):
            await asyncio.sleep(0.05)
