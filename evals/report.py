"""What an eval tells: a table for people, JSON for programs, JUnit's XML for CI."""

import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.evaluation import Evaluation
from evals.trying import Tried

_NUMBERS = ("TURNS", "LATENCY", "INTERRUPTIONS")
_COLUMNS = ("CALLEE", "SUCCESS", *_NUMBERS, "OUTCOME", "RULES BROKEN")
_LATENCY = "Latency: from the end of the callee's turn to the model's first word, the median."
_MARKS = {"passed": ("yes", "green"), "failed": ("no", "bold red"), "skipped": ("skipped", "dim")}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def table(tried: Tried, console: Console) -> None:
    """A row a callee; below, why a row failed, and what was said in its call."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        made.add_column(name, no_wrap=True, justify="right" if name in _NUMBERS else "left")
    for row in tried.rows:
        made.add_row(*_cells(row))
    # A line that a terminal wraps tells more than a column that is cut off.
    width, console.width = console.width, 1000
    console.print(made, crop=False)
    console.width = width
    for row in tried.rows:
        if row.status != "passed":
            _reasons(row, console)
    console.print()
    console.print(Text(_LATENCY, style="dim"), soft_wrap=True)
    style = "bold green" if tried.passed else "bold red"
    console.print(Text(summary(tried), style=style), soft_wrap=True)


def summary(tried: Tried) -> str:
    """The result in a line."""
    counts = [f"{tried.count(status)} {status}" for status in _MARKS if tried.count(status)]
    who = f"{tried.minds.agent.name}, by {tried.minds.told}"
    return f"{who}: {', '.join(counts) or 'nobody was tried'} in {tried.seconds:.0f} s."


def _cells(row: Evaluation) -> list[Text]:
    word, style = _MARKS[row.status]
    mark = Text(word, style=style)
    name = Text(row.callee)
    if row.status == "skipped" or not row.turns:
        return [name, mark]
    right = {True: Text("right"), False: Text("wrong", style="red"), None: Text("-", style="dim")}
    broken = ", ".join(each.rule for each in row.rules_broken)
    return [
        name, mark, Text(str(row.turns)),
        Text("-" if row.latency_ms is None else f"{row.latency_ms} ms"),
        Text(str(row.interruptions)), right[row.outcome_right],
        Text(broken, style="red") if broken else Text("-", style="dim"),
    ]  # fmt: skip


def _reasons(row: Evaluation, console: Console) -> None:
    console.print()
    console.print(Text(f"{row.callee}: {row.who}".rstrip(": "), style="bold"), soft_wrap=True)
    for why in row.why:
        style = "red" if row.status == "failed" else "dim"
        console.print(Text(f"  {why}", style=style), soft_wrap=True)
    for turn in row.transcript if row.status == "failed" else ():
        cut = " [cut short]" if turn["interrupted"] else ""
        console.print(Text(f"    {turn['role']:7}{turn['text']}{cut}", style="dim"), soft_wrap=True)


def as_json(tried: Tried) -> dict[str, Any]:
    """The result as one object; docs/agents.md tells its fields."""
    llm = tried.minds.agent.llm
    stands_in = tried.minds.stands_in
    return {
        "agent": tried.minds.agent.name,
        "suite": str(tried.suite.path),
        "llm": None if stands_in else {"vendor": llm.vendor, "model": llm.model},
        "passed": tried.passed,
        "counts": {status: tried.count(status) for status in _MARKS},
        "seconds": tried.seconds,
        "callees": [asdict(row) for row in tried.rows],
    }


def junit(tried: Tried) -> bytes:
    """The result as CI systems read it: a test case a callee."""
    totals = {
        "tests": str(len(tried.rows)), "failures": str(tried.count("failed")), "errors": "0",
        "skipped": str(tried.count("skipped")), "time": f"{tried.seconds:.3f}",
    }  # fmt: skip
    name = f"dialout eval {tried.minds.agent.name}"
    root = ET.Element("testsuites", {"name": "dialout eval", **totals})
    at = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    suite = ET.SubElement(root, "testsuite", {"name": name, "timestamp": at, **totals})
    properties = ET.SubElement(suite, "properties")
    for key, value in (("llm", tried.minds.told), ("suite", str(tried.suite.path))):
        ET.SubElement(properties, "property", {"name": key, "value": value})
    for row in tried.rows:
        _case(suite, tried, row)
    ET.indent(root)
    told: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return told


def _case(suite: ET.Element, tried: Tried, row: Evaluation) -> None:
    where = f"dialout.eval.{tried.minds.agent.name}"
    named = {"classname": where, "name": row.callee, "time": f"{row.seconds:.3f}"}
    case = ET.SubElement(suite, "testcase", named)
    why = [_text(each) for each in row.why]
    if row.status == "failed":
        failure = ET.SubElement(case, "failure", {"message": why[0], "type": "eval"})
        failure.text = "\n".join(why)
    elif row.status == "skipped":
        ET.SubElement(case, "skipped", {"message": "; ".join(why)})
    said = [f"{turn['role']}: {turn['text']}" for turn in row.transcript]
    if said:
        ET.SubElement(case, "system-out").text = _text("\n".join(said))


def _text(text: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
