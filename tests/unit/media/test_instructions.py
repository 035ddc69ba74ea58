"""The LLM's system message."""

import pytest

from calls.tools import HttpTool, Tools, TransferTarget
from media_service.instructions import instructions
from media_service.tools.toolbox import toolbox
from tests.unit.media.tools import Desk, agent

LOOK_UP = HttpTool(description="Where an order is.", url="https://orders.test/")
SALES = TransferTarget(number="+15550100007", description="Somebody wants to buy.")


def message(**changes: object) -> str:
    desk = Desk(agent=agent().model_copy(update=changes))
    return instructions(desk.agent, "You are Amelia.", toolbox(desk.controls()).names)


def test_the_agents_prompt_comes_first_and_the_rules_are_few() -> None:
    text = message()
    assert text.startswith("You are Amelia.\n\nRules:\n- Speak English.\n")
    assert "end_call" in text
    assert "do_not_call" in text
    assert len(text.splitlines()) == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tools": Tools(transfer_call={"sales": SALES})}, "transfer_call"),
        ({"tools": Tools(send_digits=True)}, "send_digits"),
        ({"tools": Tools(schedule_callback=True)}, "schedule_callback"),
        ({"tools": Tools(http={"look_up": LOOK_UP})}, "If a tool fails"),
        ({"outcome": {"type": "object", "properties": {"rating": {}}}}, "record_answer"),
        ({"recording": "ask"}, '"May I record this call?" Call start_recording only if'),
    ],
)
def test_a_rule_for_a_tool_that_there_is_and_for_no_other(
    changes: dict[str, object], words: str
) -> None:
    assert words in message(**changes)
    assert words not in message()


def test_the_language_is_the_agents_or_the_callees() -> None:
    assert "Speak Spanish." in message(language="es")
    assert "at first, Spanish" in message(language="es", detect_language=True)
    assert "¿Puedo grabar" in message(language="es", recording="ask")
