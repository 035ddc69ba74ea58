"""Pages of calls: whatever cursor and time are asked with, only kept days are looked at."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from calls.call import CALL_ID, Call, Status
from calls.listing import KEPT_DAYS, Filter, page
from tests.fakes import FakeCallRecords

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class CountingRecords(FakeCallRecords):
    """Keeps which days it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[date] = []

    def newest(self, day: date, *, limit: int, before: str | None = None) -> list[Call]:
        self.asked.append(day)
        return super().newest(day, limit=limit, before=before)

    def put_as(self, call_id: str, status: Status) -> None:
        """Let the call stand there."""
        self.update(call_id, lambda call: call.model_copy(update={"status": status}))


def records(*created: datetime) -> CountingRecords:
    made = CountingRecords()
    for at in created:
        made.create(
            Call(
                call_id=str(ULID.from_datetime(at)), status=Status.ENDED, to_number="+15550100001",
                from_number="+15550000001", agent="amelia", api_key="test", created_at=at,
                max_call_seconds=600, stream_until=at,
            )
        )  # fmt: skip
    return made


ZONES = st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)


@given(
    st.none() | st.from_regex(CALL_ID, fullmatch=True), st.none() | st.datetimes(timezones=ZONES)
)
def test_no_cursor_and_no_time_leads_past_the_days_that_are_kept(
    cursor: str | None, since: datetime | None
) -> None:
    kept = records()
    assert page(kept, Filter(since=since), limit=20, before=cursor, at=AT) == ([], None)
    oldest = (AT - timedelta(KEPT_DAYS)).date()
    assert all(oldest <= day <= AT.date() for day in kept.asked)


def test_a_cursor_that_is_yet_to_come_is_before_nothing() -> None:
    calls, _ = page(records(AT), Filter(), limit=20, before="7" + "Z" * 25, at=AT)
    assert len(calls) == 1


def test_since_is_a_moment_and_not_a_day_of_its_zone() -> None:
    # 23 November in Kiritimati is 22 November in UTC, whose days the records are kept by.
    since = datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=14)))
    inside, outside = (since.astimezone(UTC) + timedelta(minutes=way) for way in (1, -1))
    found, _ = page(records(inside, outside), Filter(since=since), limit=20, before=None, at=AT)
    assert [call.created_at for call in found] == [inside]


def test_who_wants_calls_that_go_on_is_not_shown_90_days() -> None:
    kept = records(AT, AT + timedelta(seconds=1))
    rings, talks = (each.call_id for each in kept.newest(AT.date(), limit=2))
    kept.asked.clear()
    for call_id, status in ((rings, Status.RINGING), (talks, Status.IN_PROGRESS)):
        kept.put_as(call_id, status)
    assert listed(kept, "open") == [rings, talks]
    assert listed(kept, Status.IN_PROGRESS) == [talks]
    assert listed(kept, Status.QUEUED) == []
    assert kept.asked == []
    assert listed(kept, Status.ENDED) == []


def test_calls_that_go_on_come_in_pages_too() -> None:
    kept = records(*(AT + timedelta(seconds=second) for second in range(3)))
    newest = [each.call_id for each in kept.newest(AT.date(), limit=3)]
    for call_id in newest:
        kept.put_as(call_id, Status.RINGING)
    calls, more = page(kept, Filter(status="open"), limit=2, before=None, at=AT)
    assert [call.call_id for call in calls] == newest[:2]
    rest, more = page(kept, Filter(status="open"), limit=2, before=more, at=AT)
    assert ([call.call_id for call in rest], more) == (newest[2:], None)


def listed(kept: CountingRecords, status: Status | Literal["open"]) -> list[str]:
    calls, _ = page(kept, Filter(status=status), limit=20, before=None, at=AT)
    return [call.call_id for call in calls]
