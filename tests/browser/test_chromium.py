"""The harness itself: the browser draws, and its microphone plays what it is given."""

import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.acceptance

LOUDEST = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true})
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  for (let tries = 0; tries < 200; tries++) {
    analyser.getFloatTimeDomainData(samples)
    if (Math.max(...samples) > 0.1) return true
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return false
}"""


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        samples = 10000 * np.sin(2 * np.pi * 440 * np.arange(3 * 16000) / 16000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


async def test_the_microphone_plays_its_file(page: Page) -> None:
    await page.route("http://localhost/", lambda route: route.fulfill(body="<p>Hello</p>"))
    await page.goto("http://localhost/")
    assert await page.inner_text("p") == "Hello"
    assert await page.evaluate(LOUDEST)
