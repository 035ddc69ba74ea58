"""An agent of one's own, that is not in agents/: with servers, a colleague, and no greeting."""

from pathlib import Path

import pytest

from calls import agents
from evals import minds, suite, trying
from evals.evaluation import Evaluation

AGENT = """
language: en
recording: ask
prompt: |
  You are Nora of {{company}}. Find out what they want. Look their order up with find_order, and say
  where it is. If they want a person, put them through to support.
tools:
  schedule_callback: true
  transfer_call:
    support: {number: "+15550100007", description: They want a person.}
  http:
    find_order:
      description: Where an order is.
      url: https://example.com/find-order
      parameters:
        type: object
        properties: {order_id: {type: string}}
        required: [order_id]
      filler: Let me look that up.
"""
SUITE = """
name: nora
language: en
time_zone: America/New_York
variables: {company: Northwind}
answers: {find_order: {place: in Leipzig}}
replies:
  - heard: phone was just picked up
    needs: ['You are Nora of (?P<company>[^.]+)\\.']
    say: Hello, this is Nora of {{company}}.
scenarios:
  - name: asks-for-an-order
    turns:
      - user: You may record it. Where is my order number seven?
      - user: Thank you, that is all.
    replies:
      - heard: number seven
        needs: [Look their order up with find_order]
        call:
          - {name: start_recording}
          - {name: find_order, arguments: {order_id: "7"}}
      - heard: Leipzig
        say: It is in Leipzig. Is there anything else?
      - heard: that is all
        say: Goodbye!
        call: {name: end_call}
    result:
      end_reason: agent_hung_up
      tools: [start_recording, find_order, end_call]
      said: [in Leipzig, Let me look that up]
  - name: no-server
    answers: {find_order: null}
    turns:
      - user: Where is my order number seven?
      - user: All right, call me in ten minutes.
    replies:
      - heard: number seven
        call: {name: find_order, arguments: {order_id: "7"}}
      - heard: status 404|null
        say: I am sorry, I cannot see it.
      - heard: ten minutes
        call: {name: schedule_callback, arguments: {at: "{{+10 min}}"}}
      - heard: scheduled
        say: I will call you in ten minutes. Goodbye!
        call: {name: end_call}
    result: {end_reason: agent_hung_up, tools: [schedule_callback]}
  - name: wants-a-person
    turns:
      - user: I want to speak to somebody.
    replies:
      - heard: speak to somebody
        needs: [put them through to support]
        say: I will put you through.
        call: {name: transfer_call, arguments: {target: support}}
    result: {end_reason: transferred, tools: [transfer_call]}
"""


@pytest.fixture
async def rows(tmp_path: Path) -> dict[str, Evaluation]:
    (tmp_path / "nora.yaml").write_text(AGENT)
    (tmp_path / "suite.yaml").write_text(SUITE)
    read = suite.read(tmp_path / "suite.yaml")
    thinks = minds.find(agents.read(tmp_path / "nora.yaml"), {}, vendor=None)
    tried = await trying.attempt(read, read.callees, thinks)
    return {row.callee: row for row in tried.rows}


@pytest.mark.timeout(120)
async def test_its_calls_are_held(rows: dict[str, Evaluation]) -> None:
    assert {name: row.why for name, row in rows.items()} == {name: [] for name in rows}
    assert rows["asks-for-an-order"].transcript[0]["text"] == (
        "Hello, this is Nora of Northwind. I am an AI assistant. May I record this call?"
    )
