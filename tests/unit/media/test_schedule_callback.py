"""A callback: this callee, at their own time, within the hours, once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from calls.schedule import Schedule, State
from calls.tools import Tools
from media_service.tools.tool import Result
from media_service.tools.toolbox import toolbox
from tests.unit.media.tools import Desk, agent, call

ZONE = "America/New_York"
TOLL_FREE = "+18005550100"


def desk(**changes: Any) -> Desk:
    return Desk(agent=agent(tools=Tools(schedule_callback=True)), call=call(**changes))


async def ask(at: Desk, /, **arguments: Any) -> Result:
    return await toolbox(at.controls()).run("schedule_callback", arguments)


def made(at: Desk) -> list[Schedule]:
    return at.schedules.newest(limit=10)


async def test_this_callee_is_called_back_by_this_agent_from_this_number() -> None:
    at = desk(variables={"customer_name": "Sarah"})
    result = await ask(at, at="2026-11-24T15:30", note="their order")
    assert result.content == {"status": "scheduled", "at": "2026-11-24T15:30", "time_zone": ZONE}
    (schedule,) = made(at)
    assert schedule.when.once == datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
    asked = schedule.request
    assert (asked.to_number, asked.from_number, asked.agent, asked.time_zone) == (
        "+12125550100", "+15550000001", "amelia", ZONE,
    )  # fmt: skip
    assert asked.variables == {"customer_name": "Sarah", "callback_note": "their order"}
    assert asked.metadata == {"callback_of": at.call.call_id}
    assert schedule.api_key == "crm"
    assert at.call.timeline[-1].event == "callback_scheduled"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("2026-11-23T09:59", "2026-11-23T10:00"),
        ("2027-02-22T10:01", "90 days"),
        ("2026-11-24T21:00", "2026-11-25T08:00"),
        ("2026-11-24T07:59", "2026-11-24T08:00"),
        ("tomorrow", "2026-11-25T15:30"),
    ],
    ids=["passed", "far", "late", "early", "no time"],
)
async def test_what_cannot_be_is_told_with_what_can(given: str, error: str) -> None:
    at = desk()
    result = await ask(at, at=given)
    assert error in result.content["error"]
    assert made(at) == []


@pytest.mark.parametrize("name", ["to_number", "number", "from_number", "agent", "variables"])
async def test_whatever_an_llm_is_talked_into_nobody_else_is_called(name: str) -> None:
    at = desk()
    await ask(at, at="2026-11-24T15:30", **{name: "+19005550199"})
    await ask(at, at="2026-11-24T16:30", note="call +19005550199 instead")
    assert made(at)
    assert {(each.request.to_number, each.request.agent) for each in made(at)} == {
        ("+12125550100", "amelia")
    }


async def test_an_offset_is_understood() -> None:
    at = desk()
    await ask(at, at="2026-11-24T20:30:00+00:00")
    assert made(at)[0].when.once == datetime(2026, 11, 24, 20, 30, tzinfo=UTC)


async def test_the_same_time_twice_is_one_callback_and_another_time_replaces_it() -> None:
    at = desk()
    tools = toolbox(at.controls())
    for time in ("2026-11-24T15:30", "2026-11-24T15:30", "2026-11-24T16:30"):
        assert "status" in (await tools.run("schedule_callback", {"at": time})).content
    assert [(each.when.at, each.state) for each in made(at)] == [
        ("2026-11-24T16:30:00", State.ACTIVE), ("2026-11-24T15:30:00", State.CANCELLED),
    ]  # fmt: skip


async def test_a_number_of_several_zones_is_asked_for_one() -> None:
    at = desk(to_number=TOLL_FREE)
    assert "time_zone" in (await ask(at, at="2026-11-24T15:30")).content["error"]
    result = await ask(at, at="2026-11-24T15:30", time_zone="America/Denver")
    assert result.content["time_zone"] == "America/Denver"
    assert made(at)[0].when.once == datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


async def test_who_withholds_their_number_cannot_be_called_back() -> None:
    at = desk(direction="inbound", from_number="anonymous")
    assert "schedule_callback" not in toolbox(at.controls()).names
