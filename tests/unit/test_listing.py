"""Pages of calls: whatever cursor and time are asked with, only kept days are looked at."""

from datetime import UTC, date, datetime, timedelta, timezone

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
