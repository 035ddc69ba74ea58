"""A file of contacts of any length, as the requests that take it."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST = 10_000
"""Rows of a request."""
LARGEST = 2_000_000
"""Characters of a request: with what JSON adds to them, it is still taken."""


class ContactFileError(ValueError):
    """The file holds no contacts. The message says what to mend."""


@dataclass(frozen=True)
class Part:
    """What goes into one request."""

    csv: str | None
    rows: list[Any]
    """Where it is no CSV."""
    skipped: int
    """What to add to a line of the part for its line of the file."""


def parts(text: str) -> Iterator[Part]:
    """The file in parts: a CSV with a header, or a JSON list of contacts.

    Raises:
        ContactFileError: it is neither.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if text.lstrip()[:1] in ("[", "{"):
        yield from _of_json(text)
        return
    try:
        yield from _of_csv(text)
    except csv.Error as error:
        raise ContactFileError(f"not CSV: {error}") from None


def _of_json(text: str) -> Iterator[Part]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise ContactFileError(f"not JSON: {error}") from None
    rows = rows.get("contacts") if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise ContactFileError('a list of contacts is wanted, such as [{"to_number": "+1…"}]')
    for start in range(0, len(rows), MOST):
        yield Part(None, rows[start : start + MOST], start)


def _of_csv(text: str) -> Iterator[Part]:
    lines = io.StringIO(text, newline="").readlines()
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(lines, delimiter=separator)
    # A cell may go over several lines, so lines are counted where rows end.
    if not any(next(reader, [])):
        raise ContactFileError("the file is empty: a header with to_number is wanted")
    header = start = end = reader.line_num
    count = size = 0
    for _ in reader:
        row = sum(map(len, lines[end : reader.line_num]))
        if count == MOST or (count and size + row > LARGEST):
            yield Part("".join([*lines[:header], *lines[start:end]]), [], start - header)
            start, count, size = end, 0, 0
        end, count, size = reader.line_num, count + 1, size + row
    yield Part("".join([*lines[:header], *lines[start:end]]), [], start - header)
