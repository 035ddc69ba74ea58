"""The times of a schedule, over both switches of the clocks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from calls.when import When

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def when(**given: Any) -> When:
    return When.model_validate(given)


@pytest.mark.parametrize(
    ("at", "zone", "instant"),
    [
        ("2026-11-25T07:30", "Europe/Berlin", "2026-11-25T06:30+00:00"),
        ("2026-07-01T07:30", "Europe/Berlin", "2026-07-01T05:30+00:00"),
        # An offset of its own wins.
        ("2026-11-25T07:30:05-05:00", "Europe/Berlin", "2026-11-25T12:30:05+00:00"),
        ("2026-11-25T07:30Z", None, "2026-11-25T07:30+00:00"),
        # Spring: from 02:00 it is 03:00. 02:30 is as much later: 03:30.
        ("2027-03-28T01:59", "Europe/Berlin", "2027-03-28T00:59+00:00"),
        ("2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30+00:00"),
        ("2027-03-28T03:00", "Europe/Berlin", "2027-03-28T01:00+00:00"),
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T07:30+00:00"),
        # Autumn: 02:30 comes twice, and is the first.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30+00:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30+00:00"),
        # Half an hour, in the other half of the world.
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45+00:00"),
    ],
)
def test_a_time_of_a_place_is_one_moment(at: str, zone: str | None, instant: str) -> None:
    assert when(at=at, time_zone=zone).once == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "give one of"),
        ({"at": "2026-11-25T07:30", "rate": "1 hour"}, "give one of"),
        ({"at": "tomorrow"}, "a date and a time are wanted"),
        ({"at": "2026-11-25"}, "a date and a time are wanted"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "a date and a time are wanted"),
        ({"at": "2026-11-25T07:30", "end": "2026-11-30"}, "are for `cron` and `rate`"),
        ({"cron": "61 * * * *"}, "of the minutes"),
        ({"rate": "0 minutes"}, "from `1 minute` on"),
        ({"rate": "30 seconds"}, "from `1 minute` on"),
        ({"rate": "1 hour", "time_zone": "Europe/Atlantis"}, "no such zone"),
        ({"rate": "1 hour", "time_zone": "../../etc/passwd"}, "no such zone"),
        ({"rate": "1 hour", "start": "2026-12-02", "end": "2026-12-01"}, "`end` is before"),
        ({"rate": "1 hour", "end": "9999-12-31"}, "a day of this century or the next"),
        ({"rate": "1 hour", "end": 20_000}, "a day of this century or the next"),
        ({"rate": "1 hour", "end": "2026-12-24T00:00:00"}, "a day of this century or the next"),
        ({"rate": "1 hour", "start": "2026-02-30"}, "a day of this century or the next"),
        ({"rate": "1 hour", "start": "2026-W01-1"}, "a day of this century or the next"),
    ],
)
def test_what_is_no_time_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        when(**given)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("1 minute", "1 minute"), ("1 hours", "1 hour"), ("rate(2 day)", "2 days")],
)
def test_a_rate_is_kept_as_eventbridge_writes_it(asked: str, kept: str) -> None:
    assert when(rate=asked).rate == kept


def test_what_happens_once_comes_once() -> None:
    once = when(at="2026-11-22T13:00Z")
    assert once.after(NOW, NOW) == NOW + timedelta(hours=1)
    assert once.after(NOW + timedelta(hours=1), NOW) is None


def test_a_rate_counts_from_when_it_was_asked_for_or_from_its_first_day() -> None:
    hours = when(rate="2 hours")
    assert hours.after(NOW, NOW) == NOW + timedelta(hours=2)
    assert hours.after(NOW + timedelta(hours=2), NOW) == NOW + timedelta(hours=4)
    assert hours.after(NOW + timedelta(hours=5), NOW) == NOW + timedelta(hours=6)
    later = when(rate="2 hours", start="2026-12-01", time_zone="Europe/Berlin")
    first = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert later.after(NOW, NOW) == first
    assert later.after(first, NOW) == first + timedelta(hours=2)


def test_what_recurs_does_so_from_its_first_day_to_the_end_of_its_last() -> None:
    daily = when(cron="0 0 * * *", time_zone="Europe/Berlin", start="2026-11-24", end="2026-11-25")
    first = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert daily.after(NOW, NOW) == first
    assert daily.after(first, NOW) == first + timedelta(days=1)
    # Midnight after the last day is the next day's.
    assert daily.after(first + timedelta(days=1), NOW) is None


def test_a_day_has_23_or_25_hours_when_the_clocks_change() -> None:
    for day, hours in ((date(2027, 3, 28), 23), (date(2026, 10, 25), 25)):
        one = when(rate="1 hour", time_zone="Europe/Berlin", start=day, end=day)
        assert one.begins is not None
        assert one.ends is not None
        assert one.ends - one.begins == timedelta(hours=hours) - timedelta(seconds=1)


def test_a_place_is_needed_where_a_time_means_nothing_without() -> None:
    assert when(at="2026-11-25T07:30").needs_zone
    assert when(cron="0 9 * * *").needs_zone
    assert when(rate="1 hour", end="2026-12-01").needs_zone
    assert not when(rate="1 hour").needs_zone
    assert not when(at="2026-11-25T07:30Z").needs_zone


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
)
def test_whatever_time_of_a_place_is_a_moment_that_its_clocks_show(
    wall: datetime, zone: str
) -> None:
    wall = wall.replace(microsecond=0)
    kept = when(at=wall.isoformat(), time_zone=zone)
    assert kept.once is not None
    shown = kept.once.astimezone(kept._place)
    # The same; or, of a time that is skipped, as much later as the clocks skip.
    assert shown.replace(tzinfo=None, fold=0) - wall in (
        timedelta(0), timedelta(minutes=30), timedelta(hours=1),
    )  # fmt: skip
    assert shown.fold == 0
    assert When.model_validate_json(kept.model_dump_json()) == kept
