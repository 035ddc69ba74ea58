"""Who is let in when it gets crowded."""

from contextlib import AbstractContextManager, ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_service.process.room import Room


@pytest.mark.parametrize(("seats", "most"), [(1, 2), (2, 3), (10, 15)])
def test_first_legs_have_the_seats_and_later_ones_some_more(seats: int, most: int) -> None:
    room = Room(seats)
    with ExitStack() as inside:
        first = [inside.enter_context(room.place("1")) for _ in range(seats + 3)]
        assert first == [True] * seats + [False] * 3
        later = [inside.enter_context(room.place("2")) for _ in range(seats + 3)]
        assert later.count(True) == most - seats
        assert inside.enter_context(room.place("1")) is False
    with room.place("1") as free:
        assert free


def test_a_place_comes_back_however_the_call_ends() -> None:
    room = Room(1)
    with pytest.raises(OSError, match="cut"), room.place("1"):
        raise OSError("cut")
    with room.place("1") as free:
        assert free


@given(st.integers(1, 12), st.lists(st.tuples(st.booleans(), st.sampled_from("123")), max_size=60))
def test_never_more_than_the_limit_and_nothing_is_lost(
    seats: int, moves: list[tuple[bool, str]]
) -> None:
    room = Room(seats)
    inside: list[tuple[AbstractContextManager[bool], bool]] = []
    for enters, leg in moves:
        if enters:
            place = room.place(leg)
            had = sum(free for _, free in inside)
            inside.append((place, place.__enter__()))
            limit = seats if leg == "1" else seats + max(1, seats // 2)
            assert inside[-1][1] == (had < limit)
        elif inside:
            inside.pop()[0].__exit__(None, None, None)
    for place, _ in inside:
        place.__exit__(None, None, None)
    with room.place("1") as free:
        assert free
