"""Frames that Twilio would never send, through a true socket: the call goes on without them."""

import asyncio
import base64
import json
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.media.conftest import CALL_SID, Service
from tests.integration.media.phone import Phone

SID = "MZ01CALL"
PAYLOAD = base64.b64encode(b"\xff" * 160).decode()


def frame(event: Any, **more: Any) -> str:
    return json.dumps({"event": event, "streamSid": SID, **more})


HOSTILE: list[str | bytes] = [
    "", "nope", "null", "[]", "{}", "NaN", '"start"', "\x00", b"", b"\x00\xff", bytes(70_000),
    "[" * 60_000, '{"a":' * 10_000, "x" * 1_000_000, '{"event": ' + "9" * 5_000 + "}",
    frame(None), frame(["stop"]), frame("Stop"), frame("future"), frame("connected"),
    # A second start, for another call and for this one.
    frame("start", start={"streamSid": "MZ2", "callSid": "CA2"}),
    frame(
        "start",
        start={
            "streamSid": SID, "callSid": CALL_SID, "customParameters": {"token": "x"},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        },
    ),
    frame("media"), frame("media", media={"payload": ""}), frame("media", media={"payload": "*"}),
    frame("media", media={"payload": PAYLOAD, "track": "outbound"}),
    frame("media", media={"payload": base64.b64encode(bytes(9000)).decode()}),
    frame("media", media={"payload": base64.b64encode(b"\xff").decode()}),
    frame("mark"), frame("mark", mark={"name": "none of ours"}), frame("mark", mark={"name": None}),
    frame("dtmf"), frame("dtmf", dtmf={"digit": "12"}), frame("dtmf", dtmf={"digit": 1}),
    # All that ends or fills a call, but of another stream.
    json.dumps({"event": "stop", "streamSid": "MZ2"}), json.dumps({"event": "stop"}),
    json.dumps({"event": "stop", "streamSid": None}),
    json.dumps({"event": "media", "streamSid": "MZ2", "media": {"payload": PAYLOAD}}),
]  # fmt: skip


async def test_hostile_frames_before_and_in_a_call_do_not_end_it(service: Service) -> None:
    call = service.call()
    async with await service.dial() as phone:
        phone.stream_sid = SID
        service.phones[CALL_SID] = phone
        for hostile in HOSTILE:
            # What starts a call is not sent before the start: it would be one.
            if '"token": "x"' not in str(hostile) and '"callSid": "CA2"' not in str(hostile):
                await phone.send(hostile)
        await phone.start(CALL_SID, call_id=call.call_id, leg="1", token=service.token(call))
        await phone.until(lambda: phone.first_sound_at is not None)
        await _goes_on(phone, HOSTILE)
        await _speaks_on(phone)
        await phone.hang_up()
        await service.over()


async def test_arbitrary_frames_do_not_end_a_call(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        await _goes_on(phone, _drawn())
        await _speaks_on(phone)
        await phone.hang_up()
        await service.over()


async def test_a_flood_of_sound_does_not_end_a_call(service: Service) -> None:
    async with service.answered() as phone:
        await phone.until(lambda: phone.first_sound_at is not None)
        loud = frame("media", media={"payload": base64.b64encode(bytes(8000)).decode()})
        await _goes_on(phone, [loud] * 500)
        await phone.hang_up()
        await service.over()


async def _goes_on(phone: Phone, frames: list[Any]) -> None:
    for hostile in frames:
        await phone.send(hostile)
    # The socket is read in order: an answer to a ping behind them says that they were taken.
    pong = await phone.socket.ping()
    async with asyncio.timeout(10):
        await pong
    assert phone.closed_with is None


async def _speaks_on(phone: Phone) -> None:
    since = phone.now
    await phone.until(lambda: phone.last_sound_at > since)


def _drawn() -> list[str | bytes]:
    """Some hundreds of frames of any kind, the same each time; none that is a true stop."""
    drawn: list[str | bytes] = []
    texts = st.text(st.characters(exclude_categories=["Cs"]))
    values = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.lists(texts)
    parts = st.dictionaries(
        st.sampled_from(["payload", "track", "digit", "name", "streamSid", "callSid"]) | texts,
        values,
    )
    events = st.sampled_from(["connected", "start", "media", "dtmf", "mark", "clear"]) | texts
    messages = st.fixed_dictionaries(
        {"event": events, "streamSid": st.sampled_from([SID, "MZ2"]) | values},
        optional=dict.fromkeys(["start", "media", "dtmf", "mark", "stop"], parts | values),
    )

    @settings(
        derandomize=True,
        max_examples=300,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts | st.binary() | messages.map(json.dumps))
    def draw(each: str | bytes) -> None:
        drawn.append(each)

    draw()
    return [each for each in drawn if '"event": "stop"' not in str(each)]
