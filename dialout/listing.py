"""The do-not-call list, as the API tells of it."""

from datetime import datetime

from dialout.record import Record


class Listing(Record):
    """A number that is never to be phoned."""

    number: str
    listed_at: datetime
    source: str
    """Who listed it: ``api``, or in a call ``tool``, ``keypress`` or ``speech``."""
    reason: str | None = None
    call_id: str | None = None


class ListingPage(Record):
    """Some of the list, in the numbers' order."""

    listings: list[Listing]
    cursor: str | None = None
    """Ask with it for the numbers after these; None when there are none."""
