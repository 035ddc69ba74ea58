"""Rows of a list: what is read of them, and what is told of those that are not right."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import agents
from calls.campaign import Campaign
from calls.contact_rows import Rows, read, rows_of_csv
from calls.refused import RowsRefusedError

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


AGENT = agents.load("amelia").model_copy(update={"greeting": "Hello {{person}}."})


def campaign() -> Campaign:
    return Campaign(
        name="one", agent="amelia", from_number="+15550000001", created_at=AT, updated_at=AT,
        api_key="crm", campaign_id="01J00000000000000000000001",
    )  # fmt: skip


def rows(*given: Any) -> Rows:
    return read(enumerate(given, 1), campaign(), AGENT, AT)


def row(number: str = "+15550100001", **more: Any) -> dict[str, Any]:
    return {"to_number": number, "variables": {"person": "Sarah"}, **more}


def test_a_row_has_all_that_a_call_needs() -> None:
    found = rows(row(time_zone="Europe/Berlin", metadata={"crm": "7"}), row("+15550100002"))
    assert found.bad == []
    (_, first), (line, second) = found.good
    assert (first.variables, first.time_zone, first.metadata) == (
        {"person": "Sarah"}, "Europe/Berlin", {"crm": "7"},
    )  # fmt: skip
    assert (line, second.position) == (2, first.position + 1)
    assert first.contact_id != second.contact_id


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"variables": {"name": "Sarah"}}, "to_number: it is missing"),
        (row("0301234"), "to_number: start with +"),
        (row("+15550000001"), "to_number: this is the number that calls"),
        ({"to_number": "+15550100001"}, "agent 'amelia' needs the variables person"),
        (row(name="Sarah"), "name: there is no such field"),
        (row(variables={"no good": "x"}), "variables.no good: "),
        (row(time_zone="Mars"), "time_zone: there is no such zone"),
        (row(consent={"basis": "x"}), "consent.at: it is missing"),
        ("+15550100001", "Input should be a valid dictionary"),
        (None, "Input should be a valid dictionary"),
    ],
)
def test_a_bad_row_is_told_and_the_others_are_kept(wrong: Any, reason: str) -> None:
    found = rows(row("+15550100009"), wrong)
    (bad,) = found.bad
    assert bad.line == 2
    assert reason in bad.reason
    assert len(found.good) == 1


def test_a_number_that_comes_twice_is_good_once_however_it_is_written() -> None:
    found = rows(row(), row("+1 555 010 0001"))
    assert [(bad.line, bad.reason) for bad in found.bad] == [
        (2, "this number is in the campaign already")
    ]
    assert len(found.good) == 1


@pytest.mark.parametrize("separator", [",", ";"])
def test_commas_and_semicolons_separate(separator: str) -> None:
    text = separator.join(["to_number", "name", "time_zone"]) + "\n"
    text += separator.join(["+15550100001", " Sarah ", ""]) + "\n"
    assert list(rows_of_csv(text)) == [
        (2, {"to_number": "+15550100001", "variables": {"name": "Sarah"}})
    ]


def test_lines_are_counted_as_an_editor_does() -> None:
    text = 'to_number,name\n\n+15550100001,"Sarah\nJones"\n+15550100002,Tom\n'
    assert [line for line, _ in rows_of_csv(text)] == [4, 5]


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    try:
        found = list(rows_of_csv(f"to_number,name\n{text}"))
    except RowsRefusedError:
        return
    result = rows(*(row for _, row in found))
    assert len(result.good) + len(result.bad) == len(found)
