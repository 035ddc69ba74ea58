"""The shipped agents, each with callees who make it easy or hard: what comes of it is exact.

One world for all of them; a few calls at once, as two cores carry them in real time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from rehearsal import phoning, scenario, verdict
from rehearsal.placed_call import PlacedCall
from rehearsal.plan import plan
from rehearsal.world import World, free_port, world
from tests.rehearsal.recording import listen

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
TELLING = ("survey-answered", "reminder-opt-out-key", "reminder-callback")
"""An exact outcome, a key, talking over the agent."""
AT_ONCE = 3
Calls = Mapping[str, PlacedCall | Exception]


async def phoned(up: World, names: Sequence[str], folder: Path) -> Calls:
    """Every scenario's call, once they are all over."""
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> PlacedCall:
        chosen = scenario.load(name)
        async with seats:
            return await phoning.phone(up, name, chosen, chosen.request, folder, lambda _: None)

    await phoning.connect(up)
    results = await asyncio.gather(*(one(name) for name in names), return_exceptions=True)
    found: dict[str, PlacedCall | Exception] = {}
    for name, result in zip(names, results, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, Exception):
            raise result
        found[name] = result
    return found


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def telling(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    async with world(plan({}, free_port()), "order-check", lambda _: None) as up:
        yield await phoned(up, TELLING, tmp_path_factory.mktemp("telling"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def every(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    async with world(plan({}, free_port()), "order-check", lambda _: None) as up:
        yield await phoned(up, scenario.names(), tmp_path_factory.mktemp("every"))


def missing(calls: Calls, name: str) -> tuple[list[str], object]:
    """What its goal lacks, and what was said."""
    placed = calls[name]
    if isinstance(placed, Exception):
        raise placed
    turns = [(turn["role"], turn["text"]) for turn in placed.record["transcript"]]
    goal = scenario.load(name).goal
    return verdict.shortfalls(goal, placed.record, listed=placed.listed), turns


def heard(calls: Calls, name: str) -> str:
    """The agent's words in the recording."""
    placed = calls[name]
    assert isinstance(placed, PlacedCall)
    assert placed.recording is not None
    return listen(placed.recording.read_bytes()).agent


@pytest.mark.parametrize("name", TELLING)
async def test_a_callee_is_dealt_with(telling: Calls, name: str) -> None:
    lacking, said = missing(telling, name)
    assert lacking == [], said


async def test_the_survey_was_heard(telling: Calls) -> None:
    agent = await asyncio.to_thread(heard, telling, "survey-answered")
    for words in ("three short questions", "good to hear", "about the box", "thank you nina"):
        assert words in agent, agent


async def test_who_asked_for_a_callback_in_the_greeting_did_not_hear_the_rest(
    telling: Calls,
) -> None:
    agent = await asyncio.to_thread(heard, telling, "reminder-callback")
    assert "again in an hour" in agent, agent
    for words in ("if you never want", "can you make it"):
        assert words not in agent, agent


@pytest.mark.acceptance
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", scenario.names())
async def test_every_scenario_reaches_its_goal(every: Calls, name: str) -> None:
    lacking, said = missing(every, name)
    assert lacking == [], said
