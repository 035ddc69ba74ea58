"""Every shipped agent, tried on its suite: without a key, and so the same each time.

All of them together take half a minute, most of it the silence of those who say nothing.
"""

import asyncio

import pytest

from calls import agents
from evals import minds, suite, trying
from evals.trying import Tried


@pytest.fixture(scope="module")
def tried() -> dict[str, Tried]:
    async def every() -> list[Tried]:
        free = asyncio.Semaphore(trying.AT_A_TIME)
        return await asyncio.gather(*(one(name, free) for name in suite.names()))

    async def one(name: str, free: asyncio.Semaphore) -> Tried:
        read = suite.read(suite.FOLDER / f"{name}.yaml")
        thinks = minds.find(agents.load(read.agent), {}, vendor=None)
        return await trying.attempt(read, read.callees, thinks, free=free)

    return {each.suite.agent: each for each in asyncio.run(every())}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", agents.names())
def test_it_passes(tried: dict[str, Tried], name: str) -> None:
    assert {row.callee: row.why for row in tried[name].rows if row.status == "failed"} == {}
    assert tried[name].passed


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", agents.names())
def test_without_a_key_nobody_is_simulated(tried: dict[str, Tried], name: str) -> None:
    rows = [row for row in tried[name].rows if row.kind == "simulated"]
    assert [row.status for row in rows] == ["skipped"] * len(rows)
    assert rows
    assert rows[0].why == ["no key: GROQ_API_KEY is not set"]


@pytest.mark.timeout(240)
def test_a_row_tells_of_its_call(tried: dict[str, Tried]) -> None:
    rows = {row.callee: row for row in tried["reminder"].rows}
    moves, silent, interrupts = rows["moves"], rows["silent"], rows["bad-moment"]
    assert (moves.turns, moves.interruptions, moves.outcome_right) == (4, 0, True)
    assert moves.latency_ms is not None
    assert moves.slowest_ms is not None
    assert moves.outcome == {
        "decision": "moved", "new_time": "Thursday at three in the afternoon", "note": None,
    }  # fmt: skip
    assert moves.transcript[0]["kind"] == "greeting"
    assert moves.transcript[1]["role"] == "callee"
    assert (silent.end_reason, silent.turns) == ("idle", 4)
    assert silent.latency_ms is None
    assert interrupts.interruptions == 1
