"""A person's end of the line, tick by tick."""

from rehearsal.mulaw import FRAME, SILENT_FRAME
from rehearsal.twilio.handset import AHEAD, BEHIND, Handset
from tests.rehearsal.twilio.stage import SPEECH

FRAMES = [bytes([value]) * FRAME for value in range(1, 100)]


def test_it_waits_for_a_little_before_it_speaks_and_again_after_a_gap() -> None:
    handset = Handset(lambda _: None)
    said = []
    for frame in FRAMES[:AHEAD]:
        said.append(handset.tick(SILENT_FRAME).audio)
        handset.say(frame)
    said += [handset.tick(SILENT_FRAME).audio for _ in range(AHEAD + 1)]
    handset.say(FRAMES[10])
    said.append(handset.tick(SILENT_FRAME).audio)
    assert said == [SILENT_FRAME] * AHEAD + FRAMES[:AHEAD] + [SILENT_FRAME] * 2


def test_what_comes_much_too_fast_is_dropped_and_never_lags() -> None:
    handset = Handset(lambda _: None)
    for frame in FRAMES:
        handset.say(frame)
    rest = [handset.tick(SILENT_FRAME).audio for _ in range(BEHIND + 1)]
    spoken = [frame for frame in rest if frame != SILENT_FRAME]
    assert AHEAD <= len(spoken) <= BEHIND
    assert spoken == FRAMES[-len(spoken) :]


def test_it_plays_what_is_said_to_it_and_tells_when_the_agent_speaks() -> None:
    played: list[bytes] = []
    handset = Handset(played.append)
    heard = [SPEECH[at : at + FRAME] for at in range(0, 10 * FRAME, FRAME)] + [SILENT_FRAME] * 30
    notes = [note.event for frame in heard for note in handset.tick(frame).notes]
    assert played == heard
    assert notes == ["agent_speech_started", "agent_speech_stopped"]


def test_keys_are_pressed_one_after_the_other() -> None:
    handset = Handset(lambda _: None)
    handset.press("12")
    ticks = [handset.tick(SILENT_FRAME).digits for _ in range(30)]
    assert [digit for digit in ticks if digit] == ["1", "2"]
    assert ticks.index("2") - ticks.index("1") >= 10
