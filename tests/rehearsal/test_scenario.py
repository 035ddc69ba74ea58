"""The scenario files: what they have to be, and that they cover the shipped agents."""

from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from calls import agents
from rehearsal import scenario
from rehearsal.scenario import Scenario

GOAL = {"end_reason": "agent_hung_up"}
REQUEST = {"to_number": "+15550100001"}
AGENTS = {"outbound": "amelia", "inbound": "miss_harper"}
"""Who talks where a scenario names nobody."""


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"direction": "inbound"},
        {"direction": "inbound", "request": REQUEST},
        {"direction": "inbound", "request": REQUEST, "caller": "+15550100001"},
        {"direction": "inbound", "caller": "nobody"},
        {"request": REQUEST, "caller": "+15550100001"},
    ],
)
def test_somebody_phones(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scenario.model_validate({"summary": "x", "goal": GOAL, **body})


def test_the_person_is_on_the_other_side_whoever_phones() -> None:
    outbound = {"summary": "x", "goal": GOAL, "request": REQUEST}
    inbound = {"summary": "x", "goal": GOAL, "direction": "inbound", "caller": "+15550100002"}
    assert Scenario.model_validate(outbound).person == "+15550100001"
    assert Scenario.model_validate(inbound).person == "+15550100002"


def test_every_agent_is_rehearsed() -> None:
    chosen = [scenario.load(name) for name in scenario.names()]
    outbound = {each.request.get("agent", "amelia") for each in chosen if each.request}
    assert outbound | {"miss_harper"} == set(agents.names())
    assert any(each.direction == "inbound" for each in chosen)


def test_no_two_scenarios_share_a_person_or_an_llm() -> None:
    chosen = [scenario.load(name) for name in scenario.names()]
    people = [each.person for each in chosen]
    assert len(people) == len(set(people))
    matches = [(each.llm.match, each.llm.after) for each in chosen if each.llm.match]
    assert len(matches) == len(set(matches))


def trials(chosen: Scenario) -> set[str]:
    """What this callee puts the agent to, beside agreeing or not."""
    steps = chosen.callee.script
    over = any(one.agent_speaks and next_.say for one, next_ in pairwise(steps))
    found = {
        "a machine": chosen.callee.outcome == "machine",
        "speaks over it": over and chosen.goal.interruptions > 0,
        "stays silent": chosen.goal.idle > 0,
        "never again": chosen.goal.opted_out,
    }
    return {name for name, holds in found.items() if holds}


@pytest.mark.parametrize("agent", agents.names())
def test_every_agent_has_its_difficult_callees(agent: str) -> None:
    chosen = [scenario.load(name) for name in scenario.names()]
    its = [each for each in chosen if each.request.get("agent", AGENTS[each.direction]) == agent]
    wanted = {"speaks over it", "stays silent", "never again"}
    if agent != AGENTS["inbound"]:
        wanted.add("a machine")
    assert set().union(*(trials(each) for each in its)) >= wanted
