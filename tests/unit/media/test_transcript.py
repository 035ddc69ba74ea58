"""Turns: numbers, kinds, latencies."""

import pytest

from calls.call import Turn, TurnLatency
from media_service.transcript import Transcript

AT = "2026-11-22T17:00:00.000+00:00"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns() -> list[Turn]:
    return []


@pytest.fixture
def transcript(turns: list[Turn], clock: Clock) -> Transcript:
    return Transcript(turns.append, clock=clock)


def test_turns_are_numbered_and_empty_ones_are_not_turns(
    transcript: Transcript, turns: list[Turn]
) -> None:
    transcript.agent_said("Hi.", AT)
    transcript.agent_said(" ", AT, interrupted=True)
    transcript.callee_said("", AT)
    transcript.callee_said(None, AT)
    transcript.callee_said(" Hello. ", AT)
    assert [(turn.number, turn.role, turn.text) for turn in turns] == [
        (1, "agent", "Hi."), (2, "callee", "Hello."),
    ]  # fmt: skip


def test_a_later_leg_counts_on(turns: list[Turn]) -> None:
    Transcript(turns.append, first=7).callee_said("Yes", AT)
    assert turns[0].number == 7


def test_a_kind_is_of_one_turn(transcript: Transcript, turns: list[Turn]) -> None:
    transcript.expect("greeting")
    transcript.agent_said("Hi.", AT)
    transcript.agent_said("So.", AT)
    assert [turn.kind for turn in turns] == ["greeting", "reply"]


def test_an_answer_to_somebody_who_spoke_after_all_is_a_reply(
    transcript: Transcript, turns: list[Turn]
) -> None:
    transcript.expect("idle")
    transcript.callee_said("I am here", AT)
    transcript.agent_said("Good.", AT)
    assert [turn.kind for turn in turns] == [None, "reply"]


def test_latency_is_from_the_last_end_of_the_callees_voice(
    transcript: Transcript, turns: list[Turn], clock: Clock
) -> None:
    transcript.callee_stopped(990.0)
    transcript.callee_started()
    transcript.callee_stopped(999.3)
    transcript.agent_sounded()
    transcript.agent_said("So.", AT)
    transcript.agent_sounded()
    transcript.agent_said("Are you there?", AT)
    assert [turn.latency_ms for turn in turns] == [700, None]


def test_who_is_interrupted_before_a_word_leaves_no_trace(
    transcript: Transcript, turns: list[Turn], clock: Clock
) -> None:
    transcript.callee_stopped(999.0)
    transcript.agent_sounded()
    transcript.agent_said("", AT, interrupted=True)
    transcript.agent_sounded()
    transcript.agent_said("So.", AT)
    assert [(turn.latency_ms, turn.interrupted) for turn in turns] == [(None, False)]


@pytest.mark.parametrize("timestamp", ["", "yesterday", "2026-11-22T17:00:00"])
def test_a_time_has_a_zone(transcript: Transcript, turns: list[Turn], timestamp: str) -> None:
    transcript.callee_said("Yes", timestamp)
    assert turns[0].at.tzinfo is not None


def test_what_is_cut_by_ourselves_keeps_its_kind(transcript: Transcript, turns: list[Turn]) -> None:
    transcript.expect("greeting")
    transcript.agent_sounded()
    transcript.cut("goodbye")
    transcript.agent_said("Hi, this", AT, interrupted=True)
    transcript.agent_said("Goodbye.", AT)
    assert [turn.kind for turn in turns] == ["greeting", "goodbye"]


def test_where_nothing_is_said_nothing_is_cut(transcript: Transcript, turns: list[Turn]) -> None:
    transcript.cut("goodbye")
    transcript.agent_said("Goodbye.", AT)
    transcript.agent_said("Hm.", AT)
    assert [turn.kind for turn in turns] == ["goodbye", "reply"]


def test_a_wait_is_told_in_its_parts(
    transcript: Transcript, turns: list[Turn], clock: Clock
) -> None:
    transcript.callee_stopped(999.2)
    transcript.turn_decided()
    for pause, moment in (
        (0.4, transcript.agent_worded),
        (0.1, transcript.agent_worded),
        (0.2, transcript.agent_voiced),
        (0.05, transcript.agent_sounded),
        (0.2, transcript.agent_voiced),
    ):
        clock.now += pause
        moment()
    transcript.agent_said("So.", AT)
    transcript.agent_said("And so.", AT)
    assert turns[0].latency_ms == 1550
    assert turns[0].latency == TurnLatency(turn_ms=800, token_ms=400, voice_ms=300, sound_ms=50)
    assert turns[1].latency is None


def test_nobody_waits_for_what_breaks_a_silence(
    transcript: Transcript, turns: list[Turn], clock: Clock
) -> None:
    transcript.callee_stopped(999.0)
    clock.now += 6
    transcript.expect("idle")
    transcript.agent_sounded()
    transcript.agent_said("Are you there?", AT)
    assert (turns[0].latency_ms, turns[0].latency) == (None, None)
