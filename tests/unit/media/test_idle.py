from media_service.idle import Idle


def test_so_many_silences_are_broken_and_then_no_more() -> None:
    idle = Idle(2)
    assert [idle.silent() for _ in range(3)] == [True, True, False]


def test_who_speaks_starts_it_over() -> None:
    idle = Idle(1)
    idle.silent()
    idle.spoken()
    assert [idle.silent(), idle.silent()] == [True, False]


def test_silences_of_an_earlier_leg_count() -> None:
    idle = Idle(2, 1)
    assert [idle.silent(), idle.silent()] == [True, False]


def test_an_agent_without_patience_says_goodbye_at_once() -> None:
    assert Idle(0).silent() is False
