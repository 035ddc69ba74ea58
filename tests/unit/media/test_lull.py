"""When a call may change hands, in virtual time."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from calls.settings import Settings
from media_service.lull import LULL_SECONDS, Due, Lull, Scene
from media_service.process.server import DRAIN_SECONDS

LATEST_SECONDS = Settings().handover_seconds
QUIET = Scene()
SCENES = st.builds(Scene, **{each.name: st.booleans() for each in fields(Scene)})


class Watch:
    """A call that is looked at, and its clock."""

    def __init__(self) -> None:
        self.at = 0.0
        self.lull = Lull(LATEST_SECONDS, lambda: self.at)

    def look(self, scene: Scene, after: float = 0.0) -> Due:
        self.at += after
        return self.lull.look(scene)


def test_a_call_in_which_nothing_goes_on_is_handed_over_after_a_breath() -> None:
    watch = Watch()
    assert watch.look(QUIET) is Due.NOT_YET
    assert watch.look(QUIET, LULL_SECONDS / 2) is Due.NOT_YET
    assert watch.look(QUIET, LULL_SECONDS / 2) is Due.QUIET


@pytest.mark.parametrize("what", [each.name for each in fields(Scene)])
def test_whatever_goes_on_is_waited_for(what: str) -> None:
    watch, scene = Watch(), replace(QUIET, **{what: True})
    assert not scene.quiet
    for _ in range(10):
        assert watch.look(scene, 1.0) is Due.NOT_YET
    assert watch.look(QUIET) is Due.NOT_YET
    assert watch.look(QUIET, LULL_SECONDS) is Due.QUIET


def test_a_gap_between_two_parts_of_one_doing_is_no_quiet_moment() -> None:
    """The LLM has called a tool; its result; the LLM's answer; the voice."""
    watch = Watch()
    for scene in (Scene(agent=True), Scene(busy=True), Scene(agent=True), Scene(unheard=True)):
        assert watch.look(QUIET, LULL_SECONDS * 0.4) is Due.NOT_YET
        assert watch.look(scene, LULL_SECONDS * 0.4) is Due.NOT_YET


def test_production_waits_for_90_seconds_and_no_longer_than_the_task_has() -> None:
    assert LATEST_SECONDS == 90
    with pytest.raises(ValidationError):
        Settings(handover_seconds=91)
    # And what is said last of all has its time.
    assert LATEST_SECONDS + 5 < DRAIN_SECONDS < 120


def test_a_call_that_never_falls_quiet_is_handed_over_in_the_end() -> None:
    watch = Watch()
    assert watch.look(Scene(callee=True), LATEST_SECONDS - 1) is Due.NOT_YET
    assert watch.look(Scene(callee=True), 1) is Due.LATE


def test_who_takes_leave_is_not_cut_and_who_stays_after_all_is_handed_over() -> None:
    watch = Watch()
    assert watch.look(Scene(leaving=True, unheard=True), LATEST_SECONDS + 1) is Due.NOT_YET
    assert watch.look(Scene(unheard=True), 1) is Due.LATE


@given(st.lists(st.tuples(SCENES, st.floats(0, 30)), max_size=30))
def test_no_call_is_cut_before_its_time_nor_kept_after(steps: list[tuple[Scene, float]]) -> None:
    watch, quiet_since = Watch(), None
    for scene, after in steps:
        due = watch.look(scene, after)
        if not scene.quiet:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = watch.at
        lasted = quiet_since is not None and watch.at - quiet_since >= LULL_SECONDS
        late = watch.at >= LATEST_SECONDS and not scene.leaving
        assert (due is Due.QUIET) == lasted
        assert (due is Due.LATE) == (late and not lasted)
