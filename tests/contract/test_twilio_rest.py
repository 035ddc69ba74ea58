"""The rehearsed network's REST API, spoken to by Twilio's own client."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.rehearsal.twilio.stage import FROM, Folder, Rehearsed, rehearsed, serving_product

HANG_UP = "<Response><Hangup/></Response>"
STAY = '<Response><Pause length="60"/></Response>'


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Rehearsed]:
    """Everybody answers, unless a number says otherwise."""
    folder = Folder(tmp_path)
    folder.answering("+15550100003", rings_for=30)
    async with serving_product() as product, rehearsed(folder, product) as running:
        yield running


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"to": "555"}, 21211, 400),
        ({"to": ""}, 21201, 400),
        ({"to": FROM}, 21211, 400),
        ({"from_": "Dialout"}, 21212, 400),
        ({"from_": "+15550000002"}, 21210, 400),
        ({"from_": ""}, 21213, 400),
        ({"url": ""}, 21205, 400),
        ({"url": "ftp://a.test/twiml"}, 21205, 400),
        ({"status_callback": "nowhere"}, 21609, 400),
        ({"timeout": 0}, 20001, 400),
        ({"send_digits": "abc"}, 21203, 400),
    ],
)
async def test_a_wrong_call_is_refused(
    network: Rehearsed, changed: dict[str, Any], code: int, status: int
) -> None:
    right = {"to": "+15550100001", "from_": FROM, "url": "http://127.0.0.1:9/twiml"}
    with pytest.raises(TwilioRestException) as refused:
        await network.do(lambda: network.client.calls.create(**(right | changed)))
    assert (refused.value.code, refused.value.status) == (code, status)
    assert await network.do(lambda: network.client.calls.list()) == []


async def test_credentials_are_checked(network: Rehearsed) -> None:
    stranger = Client("AC" + "0" * 31 + "1", "wrong")
    stranger.api.base_url = network.url
    with pytest.raises(TwilioRestException) as refused:
        await network.do(lambda: stranger.calls("CA" + "0" * 32).fetch())
    assert (refused.value.code, refused.value.status) == (20003, 401)


async def test_a_call_can_be_read(network: Rehearsed) -> None:
    sid = await network.dial(twiml=HANG_UP, url=None)
    await network.ended(sid)
    call = await network.do(lambda: network.client.calls(sid).fetch())
    assert (call.status, call.to, call._from) == ("completed", "+15550100001", FROM)
    assert call.direction == "outbound-api"
    assert call.duration == "0"
    assert call.start_time <= call.end_time
    assert datetime.now(UTC) - call.date_created < timedelta(seconds=10)


async def test_what_is_not_there(network: Rehearsed) -> None:
    for ask in (
        lambda: network.client.calls("CA" + "0" * 32).fetch(),
        lambda: network.client.calls("CA" + "0" * 32).update(status="completed"),
        lambda: network.client.recordings("RE" + "0" * 32).fetch(),
        lambda: network.client.messages("SM" + "0" * 32).fetch(),
    ):
        with pytest.raises(TwilioRestException) as refused:
            await network.do(ask)
        assert (refused.value.code, refused.value.status) == (20404, 404)


async def test_calls_are_listed_by_number_time_and_page(network: Rehearsed) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    sids = [await network.dial(f"+1555010001{n}", twiml=HANG_UP, url=None) for n in range(5)]
    for sid in sids:
        await network.ended(sid)

    async def listed(**query: Any) -> list[str]:
        found = await network.do(lambda: network.client.calls.list(**query))
        return [call.sid for call in found]

    assert await listed(page_size=2) == sids[::-1]  # newest first, over three pages
    assert await listed(limit=3) == sids[:1:-1]
    assert await listed(to="+15550100013", from_=FROM) == [sids[3]]
    assert await listed(start_time_after=before) == sids[::-1]
    assert await listed(start_time_after=datetime.now(UTC) + timedelta(seconds=9)) == []
    assert await listed(start_time_before=before) == []
    assert await listed(start_time=datetime.now(UTC).date().isoformat()) == sids[::-1]
    assert await listed(status="busy") == []


@pytest.mark.parametrize("status", ["canceled", "completed"])
async def test_a_ringing_call_can_be_cancelled(network: Rehearsed, status: str) -> None:
    sid = await network.dial("+15550100003")
    await network.product.hook("/status", CallStatus="ringing")
    await network.do(lambda: network.client.calls(sid).update(status=status))
    assert (await network.ended(sid)).form["CallStatus"] == "canceled"
    assert (await network.do(lambda: network.client.calls(sid).fetch())).status == "canceled"


async def test_an_ended_call_takes_no_more(network: Rehearsed) -> None:
    sid = await network.dial(twiml=HANG_UP, url=None)
    await network.ended(sid)
    for change, code in (({"status": "completed"}, 20404), ({"twiml": HANG_UP}, 21220)):
        with pytest.raises(TwilioRestException) as refused:
            await network.do(lambda change=change: network.client.calls(sid).update(**change))
        assert refused.value.code == code
    with pytest.raises(TwilioRestException) as refused:
        await network.do(lambda: network.client.calls(sid).recordings.create())
    assert refused.value.code == 21220


async def test_cancelling_does_not_touch_a_live_call(network: Rehearsed) -> None:
    sid = await network.dial(twiml=STAY, url=None)
    await network.product.hook("/status", CallStatus="in-progress")
    await network.do(lambda: network.client.calls(sid).update(status="canceled"))
    assert (await network.do(lambda: network.client.calls(sid).fetch())).status == "in-progress"
    await network.do(lambda: network.client.calls(sid).update(twiml=HANG_UP))
    assert (await network.ended(sid)).form["CallStatus"] == "completed"


async def test_a_recording_from_start_to_deletion(network: Rehearsed) -> None:
    client, callback = network.client, f"{network.product.url}/recording"
    say = "<Response><Say>One two three four five</Say></Response>"
    sid = await network.dial(twiml=say, url=None)
    await network.product.hook("/status", CallStatus="in-progress")
    started = await network.do(
        lambda: client.calls(sid).recordings.create(
            recording_channels="dual",
            recording_status_callback=callback,
            recording_status_callback_event=["in-progress", "completed"],
        )
    )
    assert (started.status, started.channels, started.duration) == ("in-progress", 2, "-1")
    done = await network.product.hook("/recording", RecordingStatus="completed")
    assert done.form["RecordingSid"] == started.sid
    (found,) = await network.do(lambda: client.calls(sid).recordings.list())
    (same,) = await network.do(lambda: client.recordings.list(call_sid=sid))
    assert found.sid == same.sid == started.sid
    assert same.media_url == done.form["RecordingUrl"]
    assert int(found.duration) == int(done.form["RecordingDuration"]) >= 1
    for query, channels in (("", 2), ("?RequestedChannels=2", 2), ("?RequestedChannels=1", 1)):
        wav = await network.do(lambda q=query: client.request("GET", f"{same.media_url}.wav{q}"))
        assert wav.status_code == 200
        assert wav.headers["Content-Type"] == "audio/x-wav"
        assert wav.text[:4] == "RIFF"
        assert ord(wav.text[22]) == channels
    assert await network.do(lambda: client.recordings(started.sid).delete())
    with pytest.raises(TwilioRestException) as refused:
        await network.do(lambda: client.recordings(started.sid).fetch())
    assert refused.value.code == 20404


async def test_a_recording_can_be_stopped(network: Rehearsed) -> None:
    sid = await network.dial(twiml=STAY, url=None)
    await network.product.hook("/status", CallStatus="in-progress")
    recordings = network.client.calls(sid).recordings
    started = await network.do(lambda: recordings.create())
    stop = network.client.calls(sid).recordings(started.sid)
    stopped = await network.do(lambda: stop.update(status="stopped"))
    assert stopped.status in ("completed", "absent")
    await network.do(lambda: network.client.calls(sid).update(status="completed"))


async def test_the_account_and_its_number(network: Rehearsed) -> None:
    account = await network.do(lambda: network.client.api.accounts(network.client.username).fetch())
    assert (account.status, account.type) == ("active", "Full")
    (number,) = await network.do(lambda: network.client.incoming_phone_numbers.list())
    assert number.phone_number == FROM
    assert number.capabilities["voice"] is True


async def test_a_number_is_pointed_at_an_address(network: Rehearsed) -> None:
    numbers = network.client.incoming_phone_numbers
    (number,) = await network.do(lambda: numbers.list(phone_number=FROM))
    url = f"{network.product.url}/inbound"
    await network.do(lambda: numbers(number.sid).update(voice_url=url, voice_method="POST"))
    (number,) = await network.do(lambda: numbers.list(phone_number=FROM))
    assert (number.voice_url, number.voice_method) == (url, "POST")
    for change, code in (
        (lambda: numbers(number.sid).update(voice_url="nowhere"), 21502),
        (lambda: numbers("PN" + "f" * 32).update(voice_url=url), 20404),
    ):
        with pytest.raises(TwilioRestException) as refused:
            await network.do(change)
        assert refused.value.code == code


async def test_where_the_account_may_phone(network: Rehearsed) -> None:
    network.client.voice.base_url = network.url
    countries = network.client.voice.v1.dialing_permissions.countries
    us = await network.do(lambda: countries("US").fetch())
    assert (us.iso_code, us.low_risk_numbers_enabled) == ("US", True)
    with pytest.raises(TwilioRestException) as refused:
        await network.do(lambda: countries("nowhere").fetch())
    assert refused.value.status == 404
