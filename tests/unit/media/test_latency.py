"""The moments between the callee's last sound and the agent's first."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.call import TurnLatency
from media_service.latency import Wait

NAMES = ["forget", "begin", "decided", "worded", "voiced"]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def waited(*names: str) -> tuple[int | None, TurnLatency | None]:
    """What is told after these moments, a tenth of a second apart."""
    clock = Clock()
    wait = Wait(clock)
    for name in names:
        moment: Callable[..., None] = getattr(wait, name)
        moment(clock.now) if name == "begin" else moment()
        clock.now += 0.1
    return wait.sounded()


def test_every_part() -> None:
    total, parts = waited("begin", "decided", "worded", "voiced")
    assert total == 400
    assert parts == TurnLatency(turn_ms=100, token_ms=100, voice_ms=100, sound_ms=100)


@pytest.mark.parametrize(
    "moments",
    [
        ["begin"],
        ["begin", "decided"],
        # An answer to something before: its words are none of this one's.
        ["begin", "worded", "voiced"],
        ["begin", "worded", "voiced", "decided"],
        ["begin", "decided", "voiced"],
        ["begin", "decided", "worded", "voiced", "begin"],
    ],
)
def test_what_is_not_known_is_not_guessed(moments: list[str]) -> None:
    total, parts = waited(*moments)
    assert total is not None
    assert parts is None


@pytest.mark.parametrize("moments", [[], ["decided", "worded"], ["begin", "decided", "forget"]])
def test_nobody_waited(moments: list[str]) -> None:
    assert waited(*moments) == (None, None)


def test_a_wait_is_over_once() -> None:
    wait = Wait(Clock())
    wait.begin(999.0)
    assert wait.sounded() == (1000, None)
    assert wait.sounded() == (None, None)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.floats(0, 3))), st.floats(0, 3))
def test_the_parts_are_the_whole(moments: list[tuple[str, float]], last: float) -> None:
    clock = Clock()
    wait = Wait(clock)
    began: float | None = None
    for name, pause in moments:
        clock.now += pause
        getattr(wait, name)(*([clock.now] if name == "begin" else []))
        began = {"begin": clock.now, "forget": None}.get(name, began)
    clock.now += last
    total, parts = wait.sounded()
    assert total == (None if began is None else round((clock.now - began) * 1000))
    if parts:
        values = parts.model_dump().values()
        assert sum(values) == total
        assert min(values) >= 0
