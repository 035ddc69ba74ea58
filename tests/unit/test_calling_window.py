"""When somebody may be phoned."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.calling_window import US_ZONES, CallingWindow, CallingWindowError, zones

DAY = CallingWindow.parse("08:00-21:00")


@pytest.mark.parametrize(
    "text", ["8-21", "08:00-21", "25:00-26:00", "21:00-08:00", "08:00-08:00", ""]
)
def test_what_is_no_window_is_said(text: str) -> None:
    with pytest.raises(CallingWindowError):
        CallingWindow.parse(text)


def test_always() -> None:
    assert CallingWindow.parse("00:00-24:00").always
    assert not DAY.always


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("+12125551234", ("America/New_York",)),
        ("+4930901820", ("Europe/Berlin",)),
        ("+15550100001", US_ZONES),
        ("+18005551212", US_ZONES),
        ("+7495123456", ("Europe/Moscow",)),
    ],
)
def test_a_numbers_zones(number: str, found: tuple[str, ...]) -> None:
    assert zones(number, None) == found


def test_a_country_of_many_zones_takes_them_all() -> None:
    assert {"Australia/Perth", "Australia/Sydney"} <= set(zones("+61491570156", None))


def test_the_requests_zone_wins() -> None:
    assert zones("+12125551234", "Asia/Tokyo") == ("Asia/Tokyo",)
    with pytest.raises(CallingWindowError, match="no such zone"):
        zones("+12125551234", "Mars/Base")


def test_the_strictest_of_all_zones_counts() -> None:
    early = datetime(2026, 7, 1, 14, tzinfo=UTC)  # 10:00 in New York, 07:00 in Los Angeles
    opened = DAY.next_open(early, US_ZONES)
    assert opened == datetime(2026, 7, 1, 15, tzinfo=UTC)


def test_at_night_the_morning_is_named() -> None:
    night = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    assert DAY.next_open(night, ("Europe/Berlin",)) == datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        # Spring: 08:00 CEST is 06:00 UTC on the day of the switch, 07:00 UTC on the day before.
        (datetime(2026, 3, 28, 5, tzinfo=UTC), datetime(2026, 3, 28, 7, tzinfo=UTC)),
        (datetime(2026, 3, 29, 5, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
        # Autumn, the other way round.
        (datetime(2026, 10, 24, 5, tzinfo=UTC), datetime(2026, 10, 24, 6, tzinfo=UTC)),
        (datetime(2026, 10, 25, 5, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)
def test_both_switches_of_summer_time(at: datetime, opens: datetime) -> None:
    assert DAY.next_open(at, ("Europe/Berlin",)) == opens


def test_no_common_hour_is_none() -> None:
    morning = CallingWindow.parse("08:00-09:00")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert morning.next_open(at, ("Europe/Berlin", "Asia/Tokyo")) is None


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_what_is_named_is_open_and_nothing_before_it(at: datetime, zone: str) -> None:
    opened = DAY.next_open(at, (zone,))
    assert opened is not None
    assert opened >= at
    assert DAY.contains(opened, ZoneInfo(zone))
    if opened > at:
        assert not DAY.contains(at, ZoneInfo(zone))
        assert not DAY.contains(opened - timedelta(minutes=1), ZoneInfo(zone))
