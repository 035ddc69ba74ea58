"""Whole calls over real sockets, with Twilio's own client and a tiny product."""

import wave
from typing import Any

import numpy as np
import pytest

from .stage import SPEECH, Folder, Product, Rehearsed, Session, rehearsed

NUMBER = "+15550100002"


def stream_twiml(product: Product, after: str = "", callback: bool = True) -> str:
    report = f'statusCallback="{product.url}/stream-status"' if callback else ""
    return (
        f'<Response><Connect><Stream url="{product.ws}" {report}>'
        '<Parameter name="call_id" value="01X"/><Parameter name="leg" value="0"/>'
        f"</Stream></Connect>{after}</Response>"
    )


async def test_a_conversation(folder: Folder, product: Product) -> None:
    folder.clip("hello", 0.4)
    folder.answering(
        NUMBER,
        {"agent_finishes": 0.2},
        {"say": "hello"},
        {"press": "1#"},
        {"agent_finishes": 0.2},
        {"hang_up": True},
    )
    heard: list[Any] = []

    async def agent(session: Session) -> None:
        await session.next("start")
        await session.say(SPEECH[:3000])
        await session.mark("greeting")
        heard.append(await session.next("mark"))
        heard.append(await session.next("dtmf"))
        await session.say(SPEECH[:3000])
        await session.drain()

    product.on_stream = agent
    product.twiml["/twiml"] = stream_twiml(product)
    async with rehearsed(folder, product) as network:
        sid = await network.dial(NUMBER)
        end = await network.ended(sid)
        assert end.form["CallStatus"] == "completed"
        assert end.form["CallDuration"] in ("1", "2", "3")
        await product.hook("/stream-status", StreamEvent="stream-stopped")

        assert [body["event"] for body in heard] == ["mark", "dtmf"]
        session = product.sessions[0]
        assert session.signed
        start = next(body for body in session.messages if body["event"] == "start")
        assert start["start"]["customParameters"] == {"call_id": "01X", "leg": "0"}
        assert start["start"]["callSid"] == sid
        media = [body for body in session.messages if body["event"] == "media"]
        assert [int(body["media"]["chunk"]) for body in media] == list(range(1, len(media) + 1))
        assert session.messages[-1]["event"] == "stop"
        assert all(hook.signed for hook in product.hooks)
        order = [
            name
            for name in network.names(sid)
            if name
            in {
                "created",
                "initiated",
                "ringing",
                "answered",
                "stream_open",
                "agent_speech_started",
                "agent_speech_stopped",
                "mark",
                "callee_clip_started",
                "callee_clip_ended",
                "dtmf",
                "hung_up",
                "ended",
            }
        ]
        assert order[:5] == ["created", "initiated", "ringing", "answered", "stream_open"]
        assert order[-2:] == ["hung_up", "ended"]
        for event in ("mark", "callee_clip_started", "callee_clip_ended", "agent_speech_stopped"):
            assert event in order


async def test_status_callbacks(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = "<Response><Hangup/></Response>"
    sid = await network.dial()
    end = await network.ended(sid)
    for event in ("initiated", "ringing", "in-progress", "completed"):
        hook = await product.hook("/status", CallStatus=event)
        assert hook.signed
        assert hook.form["CallSid"] == sid
        assert hook.form["CallbackSource"] == "call-progress-events"
    fetched = await product.hook("/twiml")
    assert fetched.form["Direction"] == "outbound-api"
    assert fetched.form["CalledCity"] == ""  # blank values are signed too
    assert end.form["SequenceNumber"] == "3"
    assert end.form["SipResponseCode"] == "200"


async def test_dual_recording(folder: Folder, product: Product) -> None:
    folder.clip("hello", 0.4, pitch=1000)
    folder.answering(NUMBER, {"say": "hello"}, {"agent_finishes": 0.3}, {"hang_up": True})

    async def agent(session: Session) -> None:
        await session.next("start")
        for _ in range(25):
            await session.next("media")
        await session.say(SPEECH[:3200])
        await session.drain()

    product.on_stream = agent
    product.twiml["/twiml"] = (
        f'<Response><Start><Recording channels="dual" recordingStatusCallback='
        f'"{product.url}/recording" recordingStatusCallbackEvent="in-progress completed"/></Start>'
        + stream_twiml(product)[len("<Response>") :]
    )
    async with rehearsed(folder, product) as network:
        sid = await network.dial(NUMBER)
        await network.ended(sid)
        done = await product.hook("/recording", RecordingStatus="completed")
        await product.hook("/recording", RecordingStatus="in-progress")
        assert done.signed
        assert done.form["RecordingChannels"] == "2"
        recording = network.exchange.recorder.recordings[done.form["RecordingSid"]]
        with wave.open(str(network.exchange.recorder.path(recording)), "rb") as reader:
            assert (reader.getframerate(), reader.getnchannels()) == (8000, 2)
            frames = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
        call = network.exchange.calls[sid].call
        assert call.ended is not None
        assert call.answered is not None
        assert len(frames) / 8000 == pytest.approx(call.ended - call.answered, abs=0.25)
        assert _pitch(frames[:, 0]) == pytest.approx(1000, abs=15)
        assert _pitch(frames[:, 1]) == pytest.approx(300, abs=15)
        mono = await network.do(
            lambda: network.client.request(
                "GET", done.form["RecordingUrl"] + ".wav?RequestedChannels=1"
            )
        )
        assert mono.status_code == 200


def _pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(np.fft.rfftfreq(len(samples), 1 / 8000)[spectrum.argmax()])


async def test_redirect_follows_when_the_product_closes(
    network: Rehearsed, product: Product
) -> None:
    async def agent(session: Session) -> None:
        await session.next("start")
        await session.next("media")
        await session.socket.close()

    product.on_stream = agent
    product.twiml["/twiml"] = stream_twiml(product, "<Redirect>/twiml?leg=1</Redirect>")
    product.twiml["/twiml?leg=1"] = "<Response><Hangup/></Response>"
    sid = await network.dial()
    await network.ended(sid)
    assert (await product.hook("/twiml", 2)).form["CallStatus"] == "in-progress"
    await product.hook("/stream-status", StreamEvent="stream-started")
    await product.hook("/stream-status", StreamEvent="stream-stopped")


@pytest.mark.parametrize("then", ["follow", "end"])
async def test_a_broken_socket(network: Rehearsed, product: Product, then: str) -> None:
    async def agent(session: Session) -> None:
        await session.next("start")
        transport = session.socket._req.transport  # type: ignore[union-attr]
        transport.abort()

    product.on_stream = agent
    network.exchange.faults.put({"name": "redirect_on_broken", "then": then})
    product.twiml["/twiml"] = stream_twiml(product, "<Redirect>/twiml?leg=1</Redirect>")
    product.twiml["/twiml?leg=1"] = "<Response><Hangup/></Response>"
    sid = await network.dial()
    await network.ended(sid)
    error = await product.hook("/stream-status", StreamEvent="stream-error")
    assert error.form["StreamError"].startswith("31903")
    fetched = [hook for hook in product.hooks if hook.path == "/twiml"]
    assert len(fetched) == (2 if then == "follow" else 1)


async def test_clear_gives_marks_back_at_once(network: Rehearsed, product: Product) -> None:
    async def agent(session: Session) -> None:
        await session.next("start")
        await session.say(SPEECH * 10)
        await session.mark("one")
        await session.mark("two")
        await session.next("media")
        await session.send({"event": "clear"})
        assert (await session.next("mark"))["mark"]["name"] == "one"
        assert (await session.next("mark"))["mark"]["name"] == "two"
        await session.socket.close()

    product.on_stream = agent
    product.twiml["/twiml"] = stream_twiml(product)
    sid = await network.dial()
    await network.ended(sid)
    clear = next(event for event in network.events(sid) if event["event"] == "clear")
    assert clear["marks"] == 2
    assert clear["dropped_ms"] > 9000


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
async def test_nobody_answers(folder: Folder, product: Product, outcome: str) -> None:
    folder.answering(NUMBER, outcome=outcome)
    async with rehearsed(folder, product) as network:
        sid = await network.dial(NUMBER)
        assert (await network.ended(sid)).form["CallStatus"] == outcome
        assert all(hook.path == "/status" for hook in product.hooks)


async def test_live_update_replaces_the_stream(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    product.twiml["/elsewhere"] = "<Response><Hangup/></Response>"
    sid = await network.dial()
    await product.hook("/stream-status", StreamEvent="stream-started")
    await network.do(lambda: network.client.calls(sid).update(url=f"{product.url}/elsewhere"))
    await network.ended(sid)
    await product.hook("/elsewhere")
    await product.hook("/stream-status", StreamEvent="stream-stopped")
    assert product.sessions[0].messages[-1]["event"] == "stop"


async def test_hang_up_over_rest(network: Rehearsed, product: Product) -> None:
    product.twiml["/twiml"] = stream_twiml(product)
    sid = await network.dial()
    await product.hook("/stream-status", StreamEvent="stream-started")
    await network.do(lambda: network.client.calls(sid).update(status="completed"))
    assert (await network.ended(sid)).form["CallStatus"] == "completed"
    hung = next(event for event in network.events(sid) if event["event"] == "hung_up")
    assert hung["by"] == "rest"
