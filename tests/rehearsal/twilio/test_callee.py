"""Scripts played against what is heard, in the call's own time: no clock runs here."""

from typing import Any

import numpy as np

from rehearsal.mulaw import SILENT_FRAME, encode
from rehearsal.scenario import Step
from rehearsal.twilio.callee import Callee, Noted
from rehearsal.twilio.clip import Clip

from .stage import tone

LOUD = encode(tone(0.02, pitch=300))


def callee(*steps: dict[str, Any], patience: float = 30) -> Callee:
    clips = {"hello": Clip("hello", encode(tone(0.5)))}
    return Callee([Step.model_validate(step) for step in steps], clips, patience)


class Played:
    """A callee who hears a plan: (seconds, loud) after (seconds, loud)."""

    def __init__(self, person: Callee, *plan: tuple[float, bool]) -> None:
        self.notes: list[Noted] = []
        self.audio: list[bytes] = []
        self.digits: list[tuple[float, str]] = []
        self.hung_up: float | None = None
        tick = 0
        for seconds, loud in plan:
            for _ in range(round(seconds / 0.02)):
                spoken = person.tick(LOUD if loud else SILENT_FRAME)
                tick += 1
                self.notes += spoken.notes
                self.audio.append(spoken.audio)
                self.digits += [(round(tick * 0.02, 2), digit) for digit in spoken.digits]
                if spoken.hang_up and self.hung_up is None:
                    self.hung_up = round(tick * 0.02, 2)

    def at(self, event: str) -> list[float]:
        return [round(note.at, 2) for note in self.notes if note.event == event]


def test_agent_finishes_waits_for_speech_and_then_for_quiet() -> None:
    played = Played(
        callee({"agent_finishes": 0.8}, {"say": "hello"}), (2, False), (1, True), (2, False)
    )
    assert played.at("agent_speech_started") == [2.0]
    assert played.at("agent_speech_stopped") == [3.0]
    assert played.at("callee_clip_started") == [3.78]  # within the tick that makes 0.8 s full
    assert played.at("callee_clip_ended") == [4.28]


def test_a_breath_does_not_finish() -> None:
    breaths = [(0.4, True), (0.3, False)] * 4
    played = Played(callee({"agent_finishes": 0.5}, {"hang_up": True}), *breaths, (1, False))
    assert played.at("agent_speech_started") == [0.0]
    assert played.hung_up == 2.5 + 0.5


def test_agent_speaks_barges_in() -> None:
    played = Played(callee({"agent_speaks": 2.0}, {"say": "hello"}), (1, False), (5, True))
    assert played.at("callee_clip_started") == [2.98]


def test_speech_before_the_step_does_not_finish_it() -> None:
    steps = ({"agent_finishes": 0.2}, {"say": "hello"}, {"agent_finishes": 0.2}, {"hang_up": True})
    played = Played(callee(*steps), (0.5, True), (5, False))
    assert played.hung_up is None
    played = Played(callee(*steps), (0.5, True), (2, False), (0.5, True), (1, False))
    assert played.hung_up == 3.2


def test_quiet_counts_both_sides() -> None:
    steps = ({"say": "hello"}, {"quiet": 1.0}, {"hang_up": True})
    assert Played(callee(*steps), (5, False)).hung_up == 1.5
    assert Played(callee(*steps), (1, False), (0.5, True), (5, False)).hung_up == 2.5


def test_keys_are_pressed_one_by_one() -> None:
    played = Played(callee({"pause": 0.5}, {"press": "12#"}, {"hang_up": True}), (2, False))
    assert played.digits == [(0.5, "1"), (0.7, "2"), (0.9, "#")]
    assert played.hung_up == 0.92


def test_a_step_outlasts_nobodys_patience() -> None:
    played = Played(callee({"agent_finishes": 0.5}, patience=3), (5, False))
    assert played.hung_up == 3.0
    assert played.at("script_step_timed_out") == [3.0]


def test_after_the_script_the_callee_stays_a_while() -> None:
    assert Played(callee({"say": "hello"}, patience=2), (5, False)).hung_up == 2.52
    assert Played(callee(patience=2), (5, False)).hung_up == 2.0


def test_a_clip_is_played_whole_and_its_speech_end_is_told() -> None:
    quiet = np.concatenate([tone(0.5), np.zeros(4000, dtype=np.int16)])
    person = Callee([Step(say="hello")], {"hello": Clip("hello", encode(quiet))}, 30)
    played = Played(person, (2, False))
    started = next(note for note in played.notes if note.event == "callee_clip_started")
    assert started.detail == {"clip": "hello", "seconds": 1.0, "speech_ends": 0.5}
    assert b"".join(played.audio)[:8000] == encode(quiet)


def test_a_missing_clip_is_told_and_passed_over() -> None:
    played = Played(callee({"say": "nobody-made-this"}, {"hang_up": True}), (1, False))
    assert played.at("callee_clip_missing") == [0.02]
    assert played.hung_up == 0.02
