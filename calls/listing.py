"""Calls, newest first, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from ulid import ULID

from calls.call import Call, Status
from calls.ports import CallRecords

KEPT_DAYS = 90
"""Records are gone after so long: there is nothing to look for before."""
_CHUNK = 100


@dataclass(frozen=True)
class Filter:
    """Which calls are wanted. None: any."""

    status: Status | Literal["open"] | None = None
    """``open``: any but ``ended``."""
    agent: str | None = None
    campaign_id: str | None = None
    since: datetime | None = None

    def takes(self, call: Call) -> bool:
        return (
            (self.status is None or call.status is self.status or self._takes_open(call))
            and (self.agent is None or call.agent == self.agent)
            and (self.campaign_id is None or call.campaign_id == self.campaign_id)
            and (self.since is None or call.created_at >= self.since)
        )

    @property
    def open(self) -> bool:
        """Whether only calls are wanted that have not ended."""
        return self.status not in (None, Status.ENDED)

    def _takes_open(self, call: Call) -> bool:
        return self.status == "open" and not call.ended


def page(
    records: CallRecords, wanted: Filter, *, limit: int, before: str | None, at: datetime
) -> tuple[list[Call], str | None]:
    """The newest calls that ``wanted`` takes, and the cursor for those before them, if any.

    Args:
        before: only calls older than this call id.
        at: the present.
    """
    found: list[Call] = []
    # Those that go on are few, and kept apart: nobody looks through 90 days for who rings now.
    calls = _open(records, before) if wanted.open else _kept(records, wanted.since, before, at)
    for call in filter(wanted.takes, calls):
        found.append(call)
        if len(found) > limit:
            return found[:limit], found[limit - 1].call_id
    return found, None


def _open(records: CallRecords, before: str | None) -> Iterator[Call]:
    ids = [each for each in reversed(records.open_calls()) if before is None or each < before]
    for start in range(0, len(ids), _CHUNK):
        yield from records.among(ids[start : start + _CHUNK])


def _kept(
    records: CallRecords, since: datetime | None, before: str | None, at: datetime
) -> Iterator[Call]:
    day, oldest = _newest_day(before, at), _oldest_day(since, at)
    while day >= oldest:
        calls = records.newest(day, limit=_CHUNK, before=before)
        yield from calls
        if len(calls) < _CHUNK:
            day -= timedelta(days=1)
        else:
            before = calls[-1].call_id


def asked_since(records: CallRecords, since: datetime, at: datetime) -> Iterator[Call]:
    """Every call that was asked for since then, newest first."""
    day, before = at.astimezone(UTC).date(), None
    while day >= since.astimezone(UTC).date():
        calls = records.newest(day, limit=_CHUNK, before=before)
        for call in calls:
            if call.created_at < since:
                return
            yield call
        if len(calls) < _CHUNK:
            day -= timedelta(days=1)
        else:
            before = calls[-1].call_id


def _newest_day(before: str | None, at: datetime) -> date:
    # A cursor may say a time that is yet to come, and even one that no date can say.
    if before is None or before > str(ULID.from_datetime(at)):
        return at.date()
    return ULID.from_str(before).datetime.date()


def _oldest_day(since: datetime | None, at: datetime) -> date:
    kept = at - timedelta(KEPT_DAYS)
    # Between these two it can be said in UTC, whose days the records are kept by.
    return min(max(since or kept, kept), at).astimezone(UTC).date()
