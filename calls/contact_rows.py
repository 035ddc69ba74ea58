"""Rows of a list, as JSON or CSV, into contacts: the good ones kept, the bad ones told."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calls.agent import Agent
from calls.campaign import Campaign
from calls.consent import Consent
from calls.contact import Contact, contact_id
from calls.dial_request import Metadata, Number, Variables
from calls.refused import AgentError, RowsRefusedError
from calls.when import Zone

MOST = 10_000
"""Rows of a request."""
LARGEST = 4_500_000
"""Bytes of a request: Lambda takes 6 MB, and puts what it takes into quotation marks."""
TWICE = "this number is in the campaign already"
_RESERVED = ("to_number", "time_zone")


class ContactRow(BaseModel):
    """A person of a campaign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to_number: Number
    variables: Variables = Field(default_factory=dict)
    """What the agent's `{{name}}` stand for, for this person."""
    time_zone: Zone | None = None
    """Where they are; by default as the campaign says, or where the number is."""
    metadata: Metadata = Field(default_factory=dict)
    """Yours; comes back with their calls."""
    consent: Consent | None = None
    """In the place of the campaign's."""


class BadRow(BaseModel):
    """A row that was left out."""

    line: int
    """Of a CSV, where its last line is, the header's being 1; of JSON, the first is 1."""
    reason: str


@dataclass
class Rows:
    """What came of a list."""

    good: list[tuple[int, Contact]] = field(default_factory=list)
    """With their lines."""
    bad: list[BadRow] = field(default_factory=list)


def read(
    rows: Iterable[tuple[int, object]], campaign: Campaign, agent: Agent, at: datetime
) -> Rows:
    """The contacts of these rows; a number that comes twice among them is good once."""
    found = Rows()
    seen: set[str] = set()
    first = int(at.timestamp() * 1_000_000)
    for number, (line, row) in enumerate(rows):
        try:
            contact = _contact(row, campaign, agent, at, first + number)
        except ValueError as error:
            found.bad.append(BadRow(line=line, reason=str(error)))
            continue
        if contact.contact_id in seen:
            found.bad.append(BadRow(line=line, reason=TWICE))
            continue
        seen.add(contact.contact_id)
        found.good.append((line, contact))
    return found


def _contact(row: object, campaign: Campaign, agent: Agent, at: datetime, place: int) -> Contact:
    """
    Raises:
        ValueError: what is wrong with the row; never what it holds.
    """
    if isinstance(row, _Broken):
        raise ValueError(row.reason)
    try:
        read = ContactRow.model_validate(row)
    except ValidationError as error:
        raise ValueError("; ".join(_reason(each) for each in error.errors())) from None
    if read.to_number == campaign.from_number:
        raise ValueError("to_number: this is the number that calls")
    try:
        agent.check(read.variables)
    except AgentError as error:
        raise ValueError(str(error)) from None
    return Contact(
        campaign_id=campaign.campaign_id,
        contact_id=contact_id(campaign.campaign_id, read.to_number),
        position=place,
        added_at=at,
        updated_at=at,
        **read.model_dump(),
    )


def _reason(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return f"{where}: there is no such field; the agent's variables go into `variables`"
    if error["type"] == "missing":
        return f"{where}: it is missing"
    words = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {words}" if where else words


@dataclass(frozen=True)
class _Broken:
    """A row that is none."""

    reason: str


def rows_of_csv(text: str) -> Iterator[tuple[int, object]]:
    """The rows of a CSV with a header, by line: ``to_number``, and columns that become variables.

    Separated by commas, or by semicolons; ``time_zone`` is no variable. A cell that is empty gives
    none.

    Raises:
        RowsRefusedError: the header is not right, or the text is no CSV.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _row(header, cells)
    except csv.Error as error:
        raise RowsRefusedError(f"line {reader.line_num}: it is no CSV: {error}") from error


def _check(header: list[str]) -> None:
    if "to_number" not in header:
        raise RowsRefusedError("the first line names the columns, and one of them is to_number")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice or "" in header:
        named = f": {', '.join(twice)}" if any(twice) else ""
        raise RowsRefusedError(f"each column needs a name of its own{named}")


def _row(header: list[str], cells: list[str]) -> object:
    if len(cells) != len(header):
        return _Broken(f"it has {len(cells)} cells, and the header {len(header)}")
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    reserved = {name: given[name] for name in _RESERVED if name in given}
    variables = {name: cell for name, cell in given.items() if name not in _RESERVED}
    return {**reserved, "variables": variables}
