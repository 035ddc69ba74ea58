"""The tools of a call: which there are, what they take, what they do, what the LLM is told."""

import asyncio
import json
from typing import Any

import pytest

from calls.adapters.guarded_http import Answer, GuardedRequestError
from calls.call import Recording
from calls.ports import SecretMissingError
from calls.tool_use import ToolUse
from calls.tools import RESERVED, HttpTool, Tools, TransferTarget
from media_service.frames import LeavingResult, QuietResult
from media_service.tools.http_tool import MOST_BYTES
from media_service.tools.tool import Result, Tool
from media_service.tools.toolbox import Toolbox, toolbox
from tests.unit.media.tools import Desk, agent, call

SALES = TransferTarget(number="+15550100007", description="Somebody wants to buy.")
LOOK_UP = HttpTool(
    description="Where an order is.",
    url="https://orders.test/look-up",
    parameters={
        "type": "object",
        "properties": {"order": {"$ref": "#/$defs/order"}},
        "required": ["order"],
        "$defs": {"order": {"type": "integer", "minimum": 1}},
    },
)
SURVEY = {
    "type": "object",
    "properties": {"rating": {"type": "integer", "maximum": 5}, "comment": {"type": "string"}},
    "required": ["rating"],
}


def everything() -> Desk:
    tools = Tools(
        transfer_call={"sales": SALES},
        send_digits=True,
        schedule_callback=True,
        http={"look_up": LOOK_UP},
    )
    return Desk(agent=agent(tools=tools, outcome=SURVEY, recording="ask"))


def test_an_agent_has_the_tools_that_its_file_names() -> None:
    assert toolbox(Desk().controls()).names == {"end_call", "do_not_call"}
    assert toolbox(everything().controls()).names == {
        "end_call", "do_not_call", "transfer_call", "send_digits", "schedule_callback",
        "record_answer", "start_recording", "look_up",
    }  # fmt: skip


def test_what_is_recorded_already_is_not_asked_about() -> None:
    desk = Desk(
        agent=agent(recording="ask"),
        call=call(recording=Recording(recording_sid="RE1", status="in-progress")),
    )
    assert "start_recording" not in toolbox(desk.controls()).names


def test_the_llm_is_offered_whole_schemas() -> None:
    schemas = {
        tool.name: tool.to_default_dict() for tool in toolbox(everything().controls()).schemas
        .standard_tools
    }  # fmt: skip
    assert schemas["look_up"]["parameters"] == LOOK_UP.parameters
    assert schemas["transfer_call"]["parameters"]["properties"]["target"]["enum"] == ["sales"]
    assert "Somebody wants to buy." in schemas["transfer_call"]["description"]
    recorded = schemas["record_answer"]["parameters"]
    assert recorded["required"] == []
    assert recorded["properties"]["rating"] == {"type": ["integer", "null"], "maximum": 5}
    json.dumps(schemas)


@pytest.mark.parametrize(
    ("name", "arguments", "did", "status"),
    [
        ("end_call", {"reason": "done"}, ("hang up",), "goodbye"),
        ("transfer_call", {"target": "sales"}, ("transfer", "sales", "+15550100007"), "handed"),
        ("do_not_call", {"reason": "no"}, ("opt out", "no"), "never"),
        ("do_not_call", {}, ("opt out", None), "never"),
        ("send_digits", {"digits": "1*9#"}, ("press", "1*9#"), "pressed"),
        ("start_recording", {}, ("record",), "runs"),
    ],
)
async def test_what_a_tool_does(
    name: str, arguments: dict[str, Any], did: tuple[Any, ...], status: str
) -> None:
    desk = everything()
    result = await toolbox(desk.controls()).run(name, arguments)
    assert desk.did == [did]
    assert status in result.content["status"]
    noted = [(entry.event, entry.detail) for entry in desk.call.timeline]
    assert noted == [("tool", name)], "and none of its arguments"


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("transfer_call", {"target": "+15550109999"}, "target"),
        ("transfer_call", {}, "target"),
        ("send_digits", {"digits": "12A"}, "digits"),
        ("send_digits", {"digits": "1" * 33}, "digits"),
        ("look_up", {"order": 0}, "order"),
        ("look_up", {}, "order"),
        ("record_answer", {"rating": 6}, "rating"),
        ("record_answer", {"mood": "good"}, "mood"),
        ("record_answer", {"rating": None}, "at least one"),
    ],
)
async def test_what_does_not_fit_is_told_and_not_done(
    name: str, arguments: dict[str, Any], error: str
) -> None:
    desk = everything()
    result = await toolbox(desk.controls()).run(name, arguments)
    assert error in result.content["error"]
    assert result.properties is None, "the LLM goes on"
    assert desk.did == []
    assert desk.call.outcome is None


@pytest.mark.parametrize("name", ["end_call", "transfer_call"])
async def test_who_leaves_says_something(name: str) -> None:
    result = await toolbox(everything().controls()).run(name, {"target": "sales"})
    assert isinstance(result.properties, LeavingResult)
    assert result.properties.run_llm is False
    assert result.properties.otherwise


async def test_answers_come_piece_by_piece() -> None:
    desk = everything()
    tools = toolbox(desk.controls())
    for said in ({"rating": 3}, {"comment": "late"}, {"rating": 5, "comment": None}):
        result = await tools.run("record_answer", said)
        assert isinstance(result.properties, QuietResult)
    assert desk.call.outcome == {"rating": 5, "comment": "late"}


async def test_nothing_is_begun_while_the_agent_leaves() -> None:
    """But what was said is kept, and the law is kept."""
    desk = everything()
    desk.leaving = True
    tools = toolbox(desk.controls())
    for name, arguments in [("transfer_call", {"target": "sales"}), ("look_up", {"order": 1})]:
        result = await tools.run(name, arguments)
        assert result.properties is not None
        assert result.properties.run_llm is False
    assert desk.did == []
    await tools.run("record_answer", {"rating": 4})
    await tools.run("do_not_call", {})
    assert desk.call.outcome == {"rating": 4}
    assert desk.did == [("opt out", None)]


async def test_a_recording_that_fails_is_told() -> None:
    desk = everything()
    desk.records = False
    assert "error" in (await toolbox(desk.controls()).run("start_recording", {})).content


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(200, b'{"eta": "Tuesday"}', {}), {"result": {"eta": "Tuesday"}}),
        (Answer(204, b"", {}), {"result": ""}),
        (Answer(200, "Dienstag \u00fc".encode(), {}), {"result": "Dienstag \u00fc"}),
        (Answer(500, b"trace", {}), {"error": "status 500"}),
        (Answer(302, b"", {}), {"error": "status 302"}),
        (GuardedRequestError("the address is not a public one"),
         {"error": "the address is not a public one"}),
        (TimeoutError(), {"error": "no answer in time"}),
        (SecretMissingError("webhook-secret: set it"), {"error": "not available"}),
        (RuntimeError("bug"), {"error": "it did not work"}),
    ],
    ids=["json", "empty", "text", "500", "302", "refused", "late", "no secret", "bug"],
)  # fmt: skip
async def test_the_users_own_tool(answer: Answer | Exception, told: dict[str, Any]) -> None:
    desk = everything()
    desk.answer = answer
    result = await toolbox(desk.controls()).run("look_up", {"order": 7})
    assert dict(result.content) == told
    assert desk.did == [
        ("fill", "One moment, please."),
        ("post", "https://orders.test/look-up",
         {"call_id": desk.call.call_id, "tool": "look_up", "arguments": {"order": 7},
          "to_number": "+12125550100", "from_number": "+15550000001"}),
    ]  # fmt: skip


async def test_a_long_answer_is_cut() -> None:
    desk = everything()
    desk.answer = Answer(200, "\u00fc".encode() * MOST_BYTES, {})
    result = await toolbox(desk.controls()).run("look_up", {"order": 7})
    assert result.content["cut"] is True
    assert len(result.content["result"].encode()) <= MOST_BYTES


async def test_fillers_take_turns_and_a_tool_may_have_its_own() -> None:
    own = LOOK_UP.model_copy(update={"filler": "Let me look."})
    desk = Desk(agent=agent(tools=Tools(http={"look_up": LOOK_UP, "own": own})))
    tools = toolbox(desk.controls())
    for name in ("look_up", "own", "look_up", "look_up", "look_up"):
        await tools.run(name, {"order": 1})
    said = [words for what, words, *_ in desk.did if what == "fill"]
    first, second, third = desk.agent.speaks.fillers
    assert said == [first, "Let me look.", second, third, first]


async def test_a_tool_runs_once_at_a_time_and_is_seen_running() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(_: dict[str, Any], __: ToolUse) -> Result:
        begun.set()
        await go_on.wait()
        return Result({"status": "done"})

    tools = Toolbox(Desk().controls(), [Tool("slow", "Slow.", run)])
    assert not tools.running
    first = asyncio.create_task(tools.run("slow", {"a": 1}))
    await begun.wait()
    assert tools.running
    assert "already" in (await tools.run("slow", {"a": 1})).content["error"]
    go_on.set()
    assert (await first).content == {"status": "done"}
    assert not tools.running


def test_an_agents_own_tool_takes_no_other_tools_name() -> None:
    with pytest.raises(ValueError, match="end_call"):
        Tools(http={"end_call": LOOK_UP})
    assert toolbox(everything().controls()).names - {"look_up"} == RESERVED
