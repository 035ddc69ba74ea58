"""Seats and pace: the rules."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.pace import next_slot
from calls.seats import Beat, Fleet, NoFreeSeatError, PaceExceededError, find_place

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMITS = {"per_second": 1.0, "most": 100, "until": AT + timedelta(seconds=3)}


def beat(task: str, seats: int = 10, *, draining: bool = False, age: float = 0) -> Beat:
    return Beat(task, seats, 0, draining, AT - timedelta(seconds=age))


def test_only_tasks_that_are_alive_and_stay_count() -> None:
    fleet = Fleet(
        (beat("a"), beat("b", 5, age=14.9), beat("c", age=15), beat("d", draining=True)), 0, None
    )
    assert fleet.capacity(AT, most=100) == 15
    assert fleet.capacity(AT, most=12) == 12
    assert Fleet((), 0, None).capacity(AT, most=100) == 0


@pytest.mark.parametrize(("used", "free"), [(9, True), (10, False), (11, False)])
def test_without_a_free_seat_nobody_is_phoned(used: int, free: bool) -> None:
    fleet = Fleet((beat("a"),), used, None)
    if free:
        assert find_place(fleet, AT, **LIMITS).capacity == 10
    else:
        with pytest.raises(NoFreeSeatError) as caught:
            find_place(fleet, AT, **LIMITS)
        assert caught.value.retry_after == 10


@pytest.mark.parametrize(
    ("seats", "reserve", "open_to"),
    [(10, 0.1, 9), (50, 0.1, 45), (9, 0.1, 9), (1, 0.9, 1), (0, 0.1, 0), (10, 0, 10)],
)
def test_a_share_is_left_to_others_but_of_a_few_none(
    seats: int, reserve: float, open_to: int
) -> None:
    fleet = Fleet((beat("a", seats),), open_to - 1, None)
    assert fleet.open_to(AT, 100, reserve) == open_to
    if open_to:
        assert find_place(fleet, AT, **LIMITS, reserve=reserve).capacity == open_to
    with pytest.raises(NoFreeSeatError):
        find_place(Fleet(fleet.beats, open_to, None), AT, **LIMITS, reserve=reserve)


@pytest.mark.parametrize(
    ("ahead", "wait"), [(-5, 0), (0, 0), (2.5, 2.5), (3, 3), (3.01, None), (9, None)]
)
def test_a_turn_is_waited_for_a_little(ahead: float, wait: float | None) -> None:
    fleet = Fleet((beat("a"),), 0, AT + timedelta(seconds=ahead))
    if wait is None:
        with pytest.raises(PaceExceededError) as caught:
            find_place(fleet, AT, **LIMITS)
        assert caught.value.retry_after == max(1, ahead - 3)
    else:
        place = find_place(fleet, AT, **LIMITS)
        assert place.at == AT + timedelta(seconds=wait)
        assert place.following == place.at + timedelta(seconds=1)


@given(
    rate=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 5), min_size=2, max_size=50),
)
def test_however_they_come_calls_keep_their_distance(rate: float, gaps: list[float]) -> None:
    at, free_from, slots = AT, None, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        slot = next_slot(free_from, at, rate)
        free_from = slot.following
        slots.append(slot.at)
        assert slot.at >= at
    distance = timedelta(seconds=1 / rate)
    assert all(after - before >= distance for before, after in pairwise(slots))


def test_twenty_calls_at_five_a_second_take_nearly_four() -> None:
    free_from, slots = None, []
    for _ in range(20):
        slot = next_slot(free_from, AT, 5)
        free_from = slot.following
        slots.append(slot.at)
    assert slots[-1] - slots[0] == timedelta(seconds=3.8)
