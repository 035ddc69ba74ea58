"""What came of a campaign's contacts, as CSV."""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any

from calls import agents
from calls.campaign import Campaign
from calls.contact import Contact
from calls.refused import AgentError

_FIRST = ("contact_id", "to_number", "state", "disposition", "attempts", "duration_seconds")
_LAST = ("call_id", "recording")
_PLAIN = re.compile(r"[+-]?[0-9][0-9.,:/ -]*")
"""Numbers, dates and phone numbers."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def columns(campaign: Campaign) -> list[str]:
    """The names of the columns: those of every campaign, and one for each field of the agent's
    outcome."""
    try:
        schema = agents.load(campaign.agent or "").outcome or {}
    except AgentError:
        schema = {}
    fields = [f"outcome.{name}" for name in schema.get("properties", {})]
    return [*_FIRST, *fields, *_LAST]


def table(campaign: Campaign, contacts: Sequence[Contact], base_url: str, *, header: bool) -> str:
    """These contacts' lines (RFC 4180).

    Args:
        base_url: of the API, for the addresses of recordings.
        header: whether a line with the columns' names comes first.
    """
    names = columns(campaign)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if header:
        writer.writerow(names)
    for contact in contacts:
        values = _values(contact, base_url)
        writer.writerow([_cell(values.get(name)) for name in names])
    return out.getvalue()


def _values(contact: Contact, base_url: str) -> dict[str, Any]:
    recording = f"{base_url}/calls/{contact.last_call_id}/recording" if contact.recorded else None
    return {
        **contact.model_dump(include=set(_FIRST)),
        **{f"outcome.{name}": value for name, value in (contact.outcome or {}).items()},
        "call_id": contact.last_call_id,
        "recording": recording,
    }


def _cell(value: Any) -> str:
    """A value as a spreadsheet reads it, and never runs it: callees decide what is said."""
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _PLAIN.fullmatch(text) else text
