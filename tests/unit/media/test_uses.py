"""The uses of tools: what the record knows of them, and what a repetition has in common."""

from calls.adapters.guarded_http import Answer
from calls.tool_use import LONGEST, MOST, ToolUse, noted
from calls.tools import HttpTool, TransferTarget
from media_service.tools.http_tool import http_tool
from media_service.tools.toolbox import Toolbox
from media_service.tools.transfer_call import transfer_call
from media_service.tools.uses import Uses
from tests.unit.media.tools import AT, Desk, agent

LOOK_UP = HttpTool(description="Where an order is.", url="https://orders.test/look-up")
SALES = {"sales": TransferTarget(number="+15550100007", description="Buys.")}


def box(desk: Desk) -> Toolbox:
    return Toolbox(
        desk.controls(), [http_tool(desk.controls(), "look_up", LOOK_UP, lambda: "One moment.")]
    )


async def test_the_record_knows_what_was_found() -> None:
    desk = Desk(answer=Answer(200, b'"Tuesday"', {}))
    await box(desk).run("look_up", {"order": 7})
    (use,) = desk.call.tool_uses
    assert (use.turn, use.name, use.arguments) == (2, "look_up", {"order": 7})
    assert use.result == {"result": "Tuesday"}
    assert use.finished_at is not None


async def test_what_another_leg_repeats_has_the_same_key() -> None:
    desk = Desk()
    first = desk.uses.idempotency_key(desk.uses.begin("look_up", {"order": 7}))
    other = Desk(call=desk.call)  # The process was killed meanwhile.
    await box(other).run("look_up", {"order": 7})
    assert other.keys == [first] == [f"{desk.call.call_id}/2/look_up/1"]
    assert [use.finished_at is not None for use in other.call.tool_uses] == [True]


async def test_of_two_that_were_cut_short_each_is_repeated_under_its_own_key() -> None:
    desk = Desk()
    seven, eight = (desk.uses.begin("look_up", {"order": order}) for order in (7, 8))
    other = Desk(call=desk.call)
    for order in (8, 7, 8):  # In another order, and one of them once more.
        await box(other).run("look_up", {"order": order})
    keys = [desk.uses.idempotency_key(use) for use in (eight, seven)]
    assert other.keys[:2] == keys
    assert other.keys[2].endswith("/3")


async def test_what_was_finished_and_is_done_again_is_another_use() -> None:
    desk = Desk()
    await box(desk).run("look_up", {"order": 7})
    other = Desk(call=desk.call)
    await box(other).run("look_up", {"order": 7})
    assert [key[-1] for key in desk.keys + other.keys] == ["1", "2"]


async def test_two_uses_in_one_turn_are_two() -> None:
    desk = Desk()
    for order in (7, 8):
        await box(desk).run("look_up", {"order": order})
    desk.callee_turn = 4
    await box(desk).run("look_up", {"order": 7})
    prefix = desk.call.call_id
    assert desk.keys == [
        f"{prefix}/2/look_up/1", f"{prefix}/2/look_up/2", f"{prefix}/4/look_up/1",
    ]  # fmt: skip


async def test_an_overtaken_leg_does_nothing() -> None:
    desk = Desk(ours=False)
    result = await box(desk).run("look_up", {"order": 7})
    assert "error" in result.content
    assert desk.did == []
    assert desk.call.tool_uses == ()


async def test_a_transfer_is_done_once_it_is_done() -> None:
    desk = Desk(agent=agent(tools={"transfer_call": SALES}))
    tools = Toolbox(desk.controls(), [transfer_call(desk.controls())])
    await tools.run("transfer_call", {"target": "sales"})
    assert desk.call.tool_uses[0].result is None, "for another leg it is still to be done"
    tools.stayed()
    assert desk.call.tool_uses[0].result == {"error": "it could not be done"}


def test_a_record_holds_so_many_and_no_more_of_each() -> None:
    uses: tuple[ToolUse, ...] = ()
    for turn in range(MOST + 5):
        uses = noted(uses, ToolUse(turn=turn, name="a", nth=1, arguments={}))
    assert [use.turn for use in uses] == list(range(5, MOST + 5))
    long = uses[0].finished({"result": "x" * 5 * LONGEST}, AT, answered=False)
    assert len(str(long.result)) < LONGEST + 50


def test_a_key_names_call_turn_and_tool_and_two_uses_that_are_alike_have_two() -> None:
    uses = Uses("01", (), lambda: 3, lambda _: None)
    alike = [uses.begin("book", {"day": 1}) for _ in range(2)]
    assert [uses.idempotency_key(use) for use in alike] == ["01/3/book/1", "01/3/book/2"]
