"""How long the callee waited, over a call."""

from hypothesis import given
from hypothesis import strategies as st

from calls.call import Turn
from calls.waited import waited
from tests.unit.test_call import AT


def turns(*latencies: int | None) -> list[Turn]:
    return [
        Turn(number=n, role="agent", text="Yes.", at=AT, latency_ms=latency)
        for n, latency in enumerate(latencies, 1)
    ]


def test_turns_that_nobody_waited_for_do_not_count() -> None:
    assert waited(turns(None, None)) is None
    found = waited(turns(None, 900, 700, None, 800))
    assert found is not None
    assert found.model_dump() == {"p50_ms": 800, "p95_ms": 900, "turns": 3}


def test_one_turn_in_twenty_may_be_slower() -> None:
    found = waited(turns(*[700] * 19, 5000))
    assert found is not None
    assert (found.p50_ms, found.p95_ms) == (700, 700)


@given(st.lists(st.integers(0, 20_000), min_size=1))
def test_they_are_latencies_that_were_measured(latencies: list[int]) -> None:
    found = waited(turns(*latencies))
    assert found is not None
    assert {found.p50_ms, found.p95_ms} <= set(latencies)
    assert found.p50_ms <= found.p95_ms
    assert sum(each <= found.p50_ms for each in latencies) >= len(latencies) / 2
