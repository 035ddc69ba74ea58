"""A file of contacts, cut into requests: no row lost, and every line known again."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialout import contact_file
from dialout.contact_file import ContactFileError, parts

cell = st.text(st.sampled_from('ab,;"\n\r é'), max_size=6)


def rows_of(text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    return [(reader.line_num, row) for row in reader]


@given(st.lists(st.tuples(cell, cell), max_size=12), st.integers(1, 5), st.integers(8, 40))
def test_the_parts_of_a_csv_are_its_rows_in_their_lines(
    cells: list[tuple[str, str]], most: int, largest: int
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("to_number", "name"), *cells])
    text = out.getvalue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contact_file, "MOST", most)
        patch.setattr(contact_file, "LARGEST", largest)
        found = list(parts(text))
    whole = rows_of(text)
    together = []
    for part in found:
        assert part.csv is not None
        header, *rows = rows_of(part.csv)
        assert header[1] == whole[0][1]
        assert len(rows) <= most
        together += [(line + part.skipped, row) for line, row in rows]
    assert together == whole[1:]


def test_json_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_file, "MOST", 2)
    rows = [{"to_number": f"+155501000{n:02}"} for n in range(5)]
    for text in (json.dumps(rows), json.dumps({"contacts": rows})):
        found = list(parts(text))
        assert [part.skipped for part in found] == [0, 2, 4]
        assert [row for part in found for row in part.rows] == rows


def test_excels_csv_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    (part,) = parts("\N{ZERO WIDTH NO-BREAK SPACE}to_number;name\r\n+15550100001;Sarah\r\n")
    assert part.csv == "to_number;name\r\n+15550100001;Sarah\r\n"


@pytest.mark.parametrize("text", ["", "\n", "[1", '{"people": []}', "a" * 200_000])
def test_what_is_no_list_is_said(text: str) -> None:
    with pytest.raises(ContactFileError):
        list(parts(text))
