"""The softphone in Firefox, at the phone network alone: it rings, and both hear each other."""

import asyncio
import base64
from pathlib import Path

import numpy as np
import pytest
from aiohttp.test_utils import TestServer

from rehearsal.gateway import Gateway
from rehearsal.mulaw import decode, loudness
from rehearsal.softphone.room import Room
from rehearsal.targets import Targets
from rehearsal.twilio.softphone import Softphone
from tests.rehearsal.twilio.stage import SPEECH, Folder, Session, rehearsed, serving_product
from tests.rehearsal.twilio.test_full_call import stream_twiml

from .firefox import firefox

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


async def test_it_rings_both_hear_each_other_a_key_is_pressed_and_it_is_hung_up(
    tmp_path: Path, screenshots: Path
) -> None:
    heard: list[bytes] = []
    keys: list[str] = []

    async def agent(session: Session) -> None:
        await session.next("start")
        await session.say(SPEECH * 5)
        while sum(loudness(frame) > 500 for frame in heard) < 50:
            payload = (await session.next("media"))["media"]["payload"]
            heard.append(base64.b64decode(payload))
        keys.append((await session.next("dtmf"))["dtmf"]["digit"])
        await session.drain()

    (tmp_path / "stage").mkdir()
    (tmp_path / "profile").mkdir()
    folder = Folder(tmp_path / "stage")
    async with (
        serving_product() as product,
        rehearsed(folder, product, Softphone()) as network,
        TestServer(_gateway(network.url, tmp_path)) as gateway,
        firefox(tmp_path / "profile") as page,
    ):
        product.on_stream = agent
        product.twiml["/twiml"] = stream_twiml(product)
        await page.open(f"http://localhost:{gateway.port}/phone")
        await page.until("document.getElementById('line').textContent === 'Ready'")
        sid = await network.dial("+15550000002")
        await page.until("document.activeElement.id === 'answer'")
        await page.click("#answer")
        await page.until("!document.getElementById('talking').hidden")
        await page.until("document.getElementById('them').ariaValueNow > 0")
        await page.until("document.getElementById('you').ariaValueNow > 0")
        (screenshots / "phone-firefox.png").write_bytes(base64.b64decode(await page.screenshot()))
        async with asyncio.timeout(30):
            while sum(loudness(frame) > 500 for frame in heard) < 50:
                await asyncio.sleep(0.05)
            await page.click("[data-key='5']")
            while not keys:
                await asyncio.sleep(0.05)
        await page.click("#hang-up")
        await page.until("document.getElementById('status').textContent.startsWith('You hung up')")
        assert (await network.ended(sid)).form["CallStatus"] == "completed"

    assert keys == ["5"]
    loud = decode(b"".join(frame for frame in heard if loudness(frame) > 500)[:8000])
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
    pitch = int(np.argmax(spectrum)) * 8000 / len(loud)
    assert 300 < pitch < 1200  # the one tone that its microphone hums, where it was


def _gateway(network: str, folder: Path) -> object:
    return Gateway("http://127.0.0.1:9", Targets(folder / "targets"), Room(network)).app()
