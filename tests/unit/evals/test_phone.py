"""The other end of a line: what it hears takes its time, and marks come back as it is heard."""

import asyncio
import base64
import json
from collections import deque
from typing import Any

from evals.phone import QUIET_FRAMES, STREAM_SID, VOICE_FRAMES, Phone
from media_service.phone import stream_protocol
from media_service.phone.stream_protocol import Dtmf, Mark, Media, Stop


class Told(list[str]):
    """What the phone tells."""


def phone() -> tuple[Phone, Told, deque[str]]:
    told, words = Told(), deque[str]()
    return Phone(words, told.append), told, words


async def heard(ring: Phone) -> list[Any]:
    """All that has come to the line by now, as the product reads it."""
    events: list[Any] = []
    while not ring._incoming.empty():
        message = await ring.receive()
        events.append(stream_protocol.parse(message["text"]) if "text" in message else message)
    return events


def sound(seconds: float) -> str:
    payload = base64.b64encode(b"\xff" * int(8000 * seconds)).decode()
    return json.dumps({"event": "media", "media": {"payload": payload}})


def mark(name: str) -> str:
    return json.dumps({"event": "mark", "mark": {"name": name}})


async def test_what_is_said_is_loud_then_silent_and_its_words_are_there_before() -> None:
    ring, _, words = phone()
    ring.say("Yes.")
    assert list(words) == ["Yes."]
    events = await heard(ring)
    assert all(isinstance(each, Media) and each.stream_sid == STREAM_SID for each in events)
    loud = [each.payload != b"\xff" * 160 for each in events]
    assert loud == [True] * VOICE_FRAMES + [False] * QUIET_FRAMES


async def test_keys_and_the_end_are_the_streams() -> None:
    ring, _, _ = phone()
    ring.press("9")
    ring.hang_up()
    assert await heard(ring) == [
        Dtmf(STREAM_SID, "9"), Stop(STREAM_SID), {"type": "websocket.disconnect", "code": 1000},
    ]  # fmt: skip


async def test_a_mark_comes_back_once_the_sound_before_it_is_heard() -> None:
    ring, told, _ = phone()
    await ring.send_text(sound(0.05))
    await ring.send_text(mark("m1"))
    assert await heard(ring) == []
    assert told == ["bot-started-speaking"]
    await asyncio.wait_for(ring.quiet(), 5)
    assert told == ["bot-started-speaking", "bot-stopped-speaking"]
    assert stream_protocol.parse((await ring.receive())["text"]) == Mark(STREAM_SID, "m1")


async def test_clear_ends_the_sound_and_gives_the_marks_back_at_once() -> None:
    ring, told, _ = phone()
    await ring.send_text(sound(60))
    await ring.send_text(mark("m1"))
    await ring.send_text(json.dumps({"event": "clear"}))
    assert told == ["bot-started-speaking", "bot-stopped-speaking"]
    assert await heard(ring) == [Mark(STREAM_SID, "m1")]


async def test_nothing_of_a_closed_line_is_left() -> None:
    ring, told, _ = phone()
    await ring.send_text(sound(60))
    await ring.send_text(mark("m1"))
    await ring.close(1012)
    assert told[-1] == "bot-stopped-speaking"
    assert await heard(ring) == [{"type": "websocket.disconnect", "code": 1012}]
