"""What else can become of a call: machines, limits, transfers, errors and second chances."""

import asyncio
import socket
from typing import Any

import numpy as np
import pytest

from .stage import SPEECH, Folder, Product, Rehearsed, Session, rehearsed, tone, write_clip
from .test_full_call import stream_twiml

NUMBER = "+15550100002"
HANG_UP = "<Response><Hangup/></Response>"
STAY = '<Response><Pause length="60"/></Response>'


def wait(network: Rehearsed, sid: str, event: str) -> dict[str, Any]:
    return next(found for found in network.events(sid) if found["event"] == event)


async def test_ringing_has_an_end(folder: Folder, product: Product) -> None:
    folder.answering(NUMBER, rings_for=30)
    async with rehearsed(folder, product) as network:
        sid = await network.dial(NUMBER, timeout=1)
        assert (await network.ended(sid)).form["CallStatus"] == "no-answer"


async def test_talking_has_an_end(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    sid = await network.dial(time_limit=1)
    end = await network.ended(sid)
    assert (end.form["CallStatus"], end.form["CallDuration"]) == ("completed", "1")
    assert wait(network, sid, "hung_up")["by"] == "time_limit"


async def test_only_what_was_asked_for_is_reported(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = HANG_UP
    sid = await network.dial(status_callback_event=None)
    await network.ended(sid)
    assert [hook.form["CallStatus"] for hook in product.hooks if hook.path == "/status"] == [
        "completed"
    ]


async def test_a_machine_is_found_out_while_the_call_goes_on(
    folder: Folder, product: Product
) -> None:
    folder.clip("announcement", 0.3)
    folder.answering(NUMBER, {"say": "announcement"}, outcome="machine")
    product.twiml["/twiml"] = stream_twiml(product)
    async with rehearsed(folder, product) as network:
        sid = await network.dial(
            NUMBER,
            machine_detection="DetectMessageEnd",
            async_amd="true",
            async_amd_status_callback=f"{product.url}/answered-by",
        )
        verdict = await product.hook("/answered-by")
        assert verdict.signed
        assert verdict.form["AnsweredBy"] == "machine_end_beep"
        assert int(verdict.form["MachineDetectionDuration"]) >= 700
        await network.do(lambda: network.client.calls(sid).update(status="completed"))
        assert (await network.ended(sid)).form["AnsweredBy"] == "machine_end_beep"
        assert wait(network, sid, "answered")["by"] == "machine"


async def test_synchronous_detection_delays_the_instructions(
    network: Rehearsed, product: Product
) -> None:
    product.twiml["/twiml"] = HANG_UP
    sid = await network.dial(machine_detection="Enable")
    await network.ended(sid)
    assert (await product.hook("/twiml")).form["AnsweredBy"] == "human"
    events = {event["event"]: event["at"] for event in network.events(sid)}
    assert events["verb"] - events["answered"] >= 1.9


async def test_the_fallback_gets_the_second_chance(network: Rehearsed, product: Product) -> None:
    product.status["/twiml"] = 500
    product.twiml["/fallback"] = HANG_UP
    sid = await network.dial(fallback_url=f"{product.url}/fallback")
    await network.ended(sid)
    hook = await product.hook("/fallback")
    assert hook.signed
    assert hook.form["ErrorCode"] == "11200"
    assert hook.form["ErrorUrl"] == f"{product.url}/twiml"


async def test_an_application_error_is_said_and_ends_the_call(
    network: Rehearsed, product: Product
) -> None:
    product.twiml["/twiml"] = "not TwiML"
    sid = await network.dial()
    await network.ended(sid)
    assert wait(network, sid, "error")["code"] == 12100
    assert wait(network, sid, "agent_speech_started")
    assert wait(network, sid, "hung_up")["by"] == "twiml"


async def test_an_unreachable_product_is_tried_twice(network: Rehearsed, product: Product) -> None:
    product.twiml["/fallback"] = HANG_UP
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        sid = await network.dial(
            url=f"http://127.0.0.1:{port}/twiml", fallback_url=f"{product.url}/fallback"
        )
        await network.ended(sid)
    sent = [
        event["event"]
        for event in network.events(sid)
        if event.get("path") == "/twiml" and event["event"].startswith("webhook")
    ]
    assert sent == ["webhook_sent", "webhook_failed"] * 2
    assert wait(network, sid, "error")["code"] == 11205


async def test_instructions_by_get_are_signed_with_their_query(
    network: Rehearsed, product: Product
) -> None:
    product.twiml["/twiml"] = HANG_UP
    sid = await network.dial(url=f"{product.url}/twiml?leg=0", method="GET")
    await network.ended(sid)
    hook = await product.hook("/twiml")
    assert (hook.method, hook.signed) == ("GET", True)
    assert hook.form["CallSid"] == sid


async def test_a_stream_that_is_refused(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = stream_twiml(product, "<Redirect>/after</Redirect>").replace(
        product.ws, product.ws.replace("/ws", "/no-socket")
    )
    product.twiml["/after"] = HANG_UP
    sid = await network.dial()
    await network.ended(sid)
    error = await product.hook("/stream-status", StreamEvent="stream-error")
    assert error.form["StreamError"].startswith("31920")
    await product.hook("/after")
    assert "stream_open" not in network.names(sid)


async def test_a_bad_message_does_not_end_the_stream(network: Rehearsed, product: Product) -> None:
    async def agent(session: Session) -> None:
        await session.next("start")
        await session.socket.send_str("nope")
        await session.mark("still here")
        await session.next("mark")
        await session.socket.close()

    product.on_stream = agent
    product.twiml["/twiml"] = stream_twiml(product)
    sid = await network.dial()
    await network.ended(sid)
    assert wait(network, sid, "stream_message_error")["why"] == "not JSON"
    assert wait(network, sid, "mark")


async def test_a_broken_call_may_be_held_until_it_is_fetched(
    network: Rehearsed, product: Product
) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    product.twiml["/rescue"] = HANG_UP
    network.exchange.faults.put({"name": "redirect_on_broken", "then": "hold"})
    network.exchange.faults.put({"name": "stream_cut", "seconds": 0.1})
    sid = await network.dial()
    await product.hook("/stream-status", StreamEvent="stream-error")
    await network.do(lambda: network.client.calls(sid).update(url=f"{product.url}/rescue"))
    await network.ended(sid)
    await product.hook("/rescue")


@pytest.mark.parametrize(
    ("outcome", "status"), [("busy", "busy"), ("answered", "completed"), (None, "no-answer")]
)
async def test_a_transfer(
    folder: Folder, product: Product, outcome: str | None, status: str
) -> None:
    folder.clip("hello", 0.3)
    number = "+15550100009"
    if outcome:
        folder.answering(number, {"say": "hello"}, {"hang_up": True}, outcome=outcome)
    product.twiml["/twiml"] = (
        f'<Response><Dial action="/after" timeout="1"><Number>{number}</Number></Dial></Response>'
    )
    product.twiml["/after"] = HANG_UP
    async with rehearsed(folder, product) as network:
        sid = await network.dial()
        await network.ended(sid)
        after = await product.hook("/after")
        assert after.form["DialCallStatus"] == status
        assert ("agent_speech_started" in network.names(sid)) == (outcome == "answered")


async def test_a_file_is_played(network: Rehearsed, product: Product, folder: Folder) -> None:
    from aiohttp import web

    write_clip(folder.voices, "file", tone(0.3))
    app = web.Application()
    app.router.add_static("/", folder.voices)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/file.wav"
    sid = await network.dial(twiml=f"<Response><Play>{url}</Play></Response>", url=None)
    await network.ended(sid)
    await runner.cleanup()
    events = {event["event"]: event["at"] for event in network.events(sid)}
    assert events["hung_up"] - events["agent_speech_started"] == pytest.approx(0.3, abs=0.15)


async def test_a_recording_goes_on_across_streams(network: Rehearsed, product: Product) -> None:
    async def agent(session: Session) -> None:
        await session.next("start")
        await session.say(SPEECH[:1600])
        await session.mark("said")
        await session.next("mark")
        await session.socket.close()

    product.on_stream = agent
    first = stream_twiml(product, "<Redirect>/second</Redirect>")
    product.twiml["/twiml"] = first.replace(
        "<Response>",
        f'<Response><Start><Recording recordingStatusCallback="{product.url}/recording"/></Start>',
    )
    product.twiml["/second"] = stream_twiml(product)
    sid = await network.dial()
    await network.ended(sid)
    done = await product.hook("/recording")
    recording = network.exchange.recorder.recordings[done.form["RecordingSid"]]
    path = network.exchange.recorder.path(recording)
    heard = np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)[:, 1]
    assert (heard != 0).sum() == pytest.approx(3200, abs=200)
    assert len(product.sessions) == 2


async def test_many_calls_keep_their_pace(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = stream_twiml(product, callback=False)
    sids = [await network.dial(time_limit=2, status_callback_event=None) for _ in range(10)]
    await asyncio.gather(*(network.ended(sid) for sid in sids))
    for session in product.sessions:
        media = [body for body in session.messages if body["event"] == "media"]
        assert 75 <= len(media) <= 101  # less what a busy machine took to open the stream
        times = [int(body["media"]["timestamp"]) for body in media]
        assert times == list(range(0, 20 * len(media), 20))


async def test_a_network_that_stops_says_so_and_leaves_nothing(
    folder: Folder, product: Product
) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    async with rehearsed(folder, product) as network:
        sid = await network.dial(record=True)
        await product.hook("/stream-status", StreamEvent="stream-started")
        ringing = await network.dial()
    assert product.sessions[0].messages[-1]["event"] == "stop"
    assert [network.exchange.calls[each].call.live for each in (sid, ringing)] == [True, True]
    assert not folder.recordings.exists()


async def test_a_recording_of_nothing_is_absent(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = '<Response><Pause length="0.2"/></Response>'
    sid = await network.dial(
        record=True,
        recording_status_callback=f"{product.url}/recording",
        recording_status_callback_event=["absent", "completed"],
    )
    await network.ended(sid)
    absent = await product.hook("/recording")
    assert (absent.form["RecordingStatus"], absent.form["RecordingDuration"]) == ("absent", "0")
    assert absent.form["RecordingSource"] == "OutboundAPI"
