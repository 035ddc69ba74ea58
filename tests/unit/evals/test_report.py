"""The table, the JSON and the JUnit file of an eval."""

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from calls import agents
from evals import minds, report, suite
from evals.evaluation import Evaluation
from evals.rules import Broken
from evals.trying import Tried

SUITE = suite.read(suite.FOLDER / "reminder.yaml")
SAID = [
    {"role": "agent", "text": "Hello\x0b <David> & co.", "kind": "greeting", "interrupted": True},
    {"role": "callee", "text": "Stop.", "kind": None, "interrupted": False},
]
PASSED = Evaluation(
    "confirms", "David can.", "scripted", "passed", [], turns=2, latency_ms=412, slowest_ms=500,
    outcome_right=True, end_reason="agent_hung_up", outcome={"decision": "confirmed"}, seconds=3.2,
)  # fmt: skip
FAILED = Evaluation(
    "moves", "David cannot.", "scripted", "failed", ["it ended by idle", "honest: a person"],
    turns=3, interruptions=1, outcome_right=False, rules_broken=[Broken("honest", "a person")],
    end_reason="idle", outcome={"decision": None}, seconds=20.0, transcript=SAID,
)  # fmt: skip
SKIPPED = Evaluation("eleanor", "Chatty.", "simulated", "skipped", ["no key: K is not set"])


def tried(*rows: Evaluation) -> Tried:
    thinks = minds.find(agents.load("reminder"), {}, vendor=None)
    return Tried(SUITE, thinks, list(rows), 23.4)


def shown(found: Tried) -> str:
    out = io.StringIO()
    report.table(found, Console(file=out, width=40, no_color=True))
    return out.getvalue()


def test_the_table_has_a_row_a_callee_that_is_not_cut_off() -> None:
    lines = shown(tried(PASSED, FAILED, SKIPPED)).splitlines()
    rows = [line.split() for line in lines[:4]]
    assert rows == [
        ["CALLEE", "SUCCESS", "TURNS", "LATENCY", "INTERRUPTIONS", "OUTCOME", "RULES", "BROKEN"],
        ["confirms", "yes", "2", "412", "ms", "0", "right", "-"],
        ["moves", "no", "3", "-", "1", "wrong", "honest"],
        ["eleanor", "skipped"],
    ]


def test_below_it_stands_why_and_what_was_said() -> None:
    text = shown(tried(PASSED, FAILED, SKIPPED))
    assert "moves: David cannot.\n  it ended by idle\n  honest: a person\n" in text
    assert "agent  Hello" in text
    assert "[cut short]" in text
    assert "eleanor: Chatty.\n  no key: K is not set" in text
    assert "confirms: " not in text
    assert text.endswith(
        "reminder, by a stand-in that knows what the prompt says: "
        "1 passed, 1 failed, 1 skipped in 23 s.\n"
    )


@pytest.mark.parametrize(
    ("rows", "passed"),
    [((PASSED,), True), ((PASSED, SKIPPED), True), ((PASSED, FAILED), False), ((SKIPPED,), False)],
)
def test_what_was_not_tried_is_no_success(rows: tuple[Evaluation, ...], passed: bool) -> None:
    assert tried(*rows).passed is passed


def test_the_json_has_every_documented_field() -> None:
    told = json.loads(json.dumps(report.as_json(tried(PASSED, FAILED, SKIPPED))))
    text = (Path(__file__).parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")
    for field in [*told, *told["callees"][0]]:
        assert f"`{field}`" in text, field
    assert told["llm"] is None
    assert told["passed"] is False
    assert told["counts"] == {"passed": 1, "failed": 1, "skipped": 1}
    assert told["callees"][1]["rules_broken"] == [{"rule": "honest", "why": "a person"}]
    assert told["callees"][1]["transcript"] == SAID


def test_junit_is_what_ci_reads() -> None:
    """By the schema that Jenkins, GitLab and GitHub's reporters share."""
    root = ET.fromstring(report.junit(tried(PASSED, FAILED, SKIPPED)))
    assert root.tag == "testsuites"
    (found,) = root
    assert found.tag == "testsuite"
    counts: dict[str, Any] = {"tests": "3", "failures": "1", "errors": "0", "skipped": "1"}
    for each in (root, found):
        assert {name: each.get(name) for name in counts} == counts
        assert float(each.get("time", "")) == 23.4
    assert datetime.fromisoformat(found.get("timestamp", "")).tzinfo is None
    assert [each.tag for each in found] == ["properties"] + ["testcase"] * 3
    cases = found.findall("testcase")
    assert [case.get("name") for case in cases] == ["confirms", "moves", "eleanor"]
    assert {case.get("classname") for case in cases} == {"dialout.eval.reminder"}
    assert [[each.tag for each in case] for case in cases] == [
        [], ["failure", "system-out"], ["skipped"],
    ]  # fmt: skip
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "it ended by idle"
    assert failure.text == "it ended by idle\nhonest: a person"
    # What XML cannot hold is not written, and what it quotes is quoted.
    assert cases[1].findtext("system-out") == "agent: Hello\ufffd <David> & co.\ncallee: Stop."
