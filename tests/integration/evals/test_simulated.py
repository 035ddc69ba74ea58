"""Callees whom an LLM plays, and whose calls one judges: on a chat endpoint with scripts for each.

What is the vendor's in earnest, its key and its address, is the environment's.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from calls import agents
from evals import minds, suite, trying
from evals.suite import Suite
from evals.trying import Tried

SCENARIOS = Path(__file__).parent / "scenarios"
ELEANOR = """
name: reminder
language: en
variables: {customer_name: David, appointment: your appointment on Tuesday at ten}
scenarios:
  - name: eleanor
    persona: Eleanor, 78, friendly.
    goal: Ask for Friday at eleven instead.
    success: SUCCESS
    metrics:
      - {name: short, criterion: The agent says no more than two short sentences., min_score: 0.8}
      - {measure: function_calls, calls: [{name: record_answer, args: {decision: moved}}, end_call]}
    max_turns: 6
    result:
      outcome: {decision: moved, new_time: {matches: friday.*eleven}}
      tools: [record_answer]
  - name: scripted
    turns: [{user: "Could it be Friday at eleven?"}, {user: That is right.}]
    result: {end_reason: agent_hung_up, outcome: {decision: moved}}
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str | None]]:
    process = subprocess.Popen(
        [
            sys.executable, "-W", "ignore", "-m", "rehearsal.llm", "--port", "0", "--key", "k",
            "--scenarios", str(SCENARIOS), "--default-scenario", "strict-judge",
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    url = process.stdout.readline().strip().removeprefix("listening on ")
    yield {"GROQ_API_KEY": "k", "GROQ_BASE_URL": f"{url}/openai/v1"}
    process.terminate()
    process.wait(10)
    process.stdout.close()


def read(folder: Path, success: str) -> Suite:
    path = folder / "reminder.yaml"
    path.write_text(ELEANOR.replace("SUCCESS", success))
    return suite.read(path)


async def tried(asked: Suite, environment: dict[str, str | None]) -> Tried:
    thinks = minds.find(agents.load("reminder"), environment, vendor=None)
    assert not thinks.stands_in
    return await trying.attempt(asked, asked.callees, thinks)


@pytest.mark.timeout(120)
async def test_the_goal_is_reached(tmp_path: Path, environment: dict[str, str | None]) -> None:
    found = await tried(read(tmp_path, "Friday at eleven was recorded."), environment)
    eleanor, scripted = found.rows

    assert eleanor.why == []
    assert (eleanor.kind, eleanor.status, eleanor.end_reason) == (
        "simulated", "passed", "agent_hung_up",
    )  # fmt: skip
    # Recorded in the call, and read from it by the debriefing.
    assert eleanor.outcome == {
        "decision": "moved", "new_time": "Friday at eleven", "note": "Her daughter visits.",
    }  # fmt: skip
    assert eleanor.outcome_right
    assert [(each["name"], each["passed"]) for each in eleanor.metrics] == [
        ("short", True), ("function_calls", True),
    ]  # fmt: skip
    assert [turn["role"] for turn in eleanor.transcript[:4]] == ["agent", "callee"] * 2
    # With a key, a script is held against the model too.
    assert (scripted.kind, scripted.status) == ("scripted", "passed")
    assert found.passed


@pytest.mark.timeout(120)
async def test_the_judge_says_no(tmp_path: Path, environment: dict[str, str | None]) -> None:
    found = await tried(read(tmp_path, "The agent sang a song."), environment)
    assert found.rows[0].status == "failed"
    assert found.rows[0].why[0].startswith("goal not met: ")
    assert "Nobody sang." in found.rows[0].why[0]
    assert not found.passed


@pytest.mark.timeout(120)
async def test_a_vendor_that_refuses_is_no_success(
    tmp_path: Path, environment: dict[str, str | None]
) -> None:
    asked = read(tmp_path, "Friday at eleven was recorded.")
    found = await tried(asked, {**environment, "GROQ_API_KEY": "another"})
    assert [row.status for row in found.rows] == ["failed", "failed"]
    assert all(row.why for row in found.rows)
