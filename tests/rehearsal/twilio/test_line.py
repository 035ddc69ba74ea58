"""The line's schedule and its recording, in virtual time."""

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.mulaw import SILENT_FRAME, decode, encode, loudness
from rehearsal.scenario import Step
from rehearsal.twilio.callee import Callee
from rehearsal.twilio.clip import Clip, from_wav
from rehearsal.twilio.dialing import Bridge
from rehearsal.twilio.line import Line, Metronome
from rehearsal.twilio.playout import Playout
from rehearsal.twilio.recording import Track, write_wav

from .stage import SPEECH, tone, write_clip


def test_the_schedule_does_not_drift() -> None:
    metronome = Metronome(1000.0)
    now, done = 1000.0, 0
    for _ in range(180_000):  # an hour, on a loop that is always late
        done += metronome.due(now)
        now = metronome.next_at + 0.003
    assert done == 180_000
    assert metronome.next_at == pytest.approx(1000.0 + 3600, abs=1e-6)


@given(st.lists(st.floats(min_value=0, max_value=0.5), max_size=200))
def test_lateness_is_caught_up_whole(gaps: list[float]) -> None:
    metronome, now, done = Metronome(0.0), 0.0, 0
    for gap in gaps:
        now += gap
        done += metronome.due(now)
        assert metronome.next_at > now
    assert done == (int(now / 0.02 + 1e-4) + 1 if gaps else 0)


def talking(*steps: Step) -> Callee:
    return Callee(steps, {"hello": Clip("hello", encode(tone(0.5, pitch=1000)))}, 30)


def test_each_side_is_on_its_own_channel(tmp_path: Path) -> None:
    line = Line(talking(Step(say="hello")))
    playout = Playout()
    line.source = playout
    track = Track()
    line.tick()
    line.tracks.append(track)  # recording starts with the second tick
    playout.feed(SPEECH[:1600])
    for _ in range(50):
        line.tick()
    assert track.seconds == 1.0
    path = tmp_path / "both.wav"
    write_wav(path, track.samples(2), 2)
    with wave.open(str(path), "rb") as reader:
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    assert len(both) == 8000
    assert (both[:3840, 0] == decode(encode(tone(0.5, pitch=1000)))[160:]).all()
    assert (both[:1600, 1] == decode(SPEECH[:1600])).all()
    assert not both[1600:, 1].any()
    assert [file.name for file in tmp_path.iterdir()] == ["both.wav"]
    mixed = track.samples(1)
    assert (mixed[:1600] == both[:1600].sum(axis=1)).all()


def test_what_is_cleared_is_not_recorded() -> None:
    line, playout, track = Line(talking()), Playout(), Track()
    line.source = playout
    line.tracks.append(track)
    playout.feed(SPEECH)
    line.tick()
    playout.clear()
    line.tick()
    heard = track.samples(2).reshape(-1, 2)[:, 1]
    assert heard[:160].any()
    assert not heard[160:].any()


def test_trim_takes_silence_from_both_ends_only() -> None:
    track = Track()
    plan = [SILENT_FRAME] * 10 + [SPEECH[:160]] + [SILENT_FRAME] * 5 + [SPEECH[:160]]
    for frame in [*plan, *[SILENT_FRAME] * 10]:
        track.add(callee=frame, agent=SILENT_FRAME)
    track.trim()
    assert track.seconds == pytest.approx(7 * 0.02)
    silent = Track()
    silent.add(callee=SILENT_FRAME, agent=SILENT_FRAME)
    silent.trim()
    assert silent.seconds == 0


def test_a_bridge_joins_two_people() -> None:
    first = talking(Step(agent_finishes=0.2), Step(say="hello"), Step(hang_up=True))
    second = talking(Step(say="hello"), Step(agent_finishes=0.2), Step(hang_up=True))
    line, bridge = Line(first), Bridge(second)
    line.source = bridge
    gone = None
    for tick in range(200):
        heard = line.tick()
        bridge.listen(heard)
        if heard.hang_up:
            gone = tick * 0.02
            break
    assert gone == pytest.approx(0.5 + 0.2 + 0.5, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_clips_of_any_rate_come_to_the_telephones(tmp_path: Path, rate: int) -> None:
    write_clip(tmp_path, "a", tone(0.5, rate=rate), rate)
    clip = from_wav("a", str(tmp_path / "a.wav"))
    assert clip.seconds == pytest.approx(0.5, abs=0.01)
    assert loudness(clip.audio) == pytest.approx(9000 / 2**0.5, rel=0.05)


def test_mulaw_there_and_back() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # 0x7F is a second zero
    assert encode(decode(codes)) == codes
    samples = tone(0.1)
    error = decode(encode(samples)).astype(int) - samples
    assert np.abs(error).max() <= 256  # half of the widest step at this loudness
    assert encode(np.array([0, 32767, -32768], dtype=np.int16)) == b"\xff\x80\x00"
