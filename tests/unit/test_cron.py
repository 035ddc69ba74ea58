"""EventBridge's cron: what is taken, what crontab's five fields become, and when it comes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.cron import Cron, CronError

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 11, 22, tzinfo=UTC)  # a Sunday


def times(text: str, zone: ZoneInfo, after: datetime, count: int) -> list[str]:
    """The next times, by the clocks of the place."""
    found, moment, cron = [], after, Cron.parse(text)
    for _ in range(count):
        following = cron.after(moment, zone)
        assert following is not None
        found.append(following.astimezone(zone).isoformat(timespec="minutes"))
        moment = following
    return found


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("30 7 ? * MON-FRI *", "30 7 ? * MON-FRI *"),
        ("cron(0 9 1 * ? 2027)", "0 9 1 * ? 2027"),
        ("*/15 8-18 * * ? *", "0/15 8-18 * * ? *"),
        ("0-30/10 9 ? jan,mar 2 *", "0,10,20,30 9 ? JAN,MAR 2 *"),
        ("0 9 ? * 2/2 *", "0 9 ? * 2,4,6 *"),
        ("0 9 L * ? *", "0 9 L * ? *"),
        ("0 9 15W * ? *", "0 9 15W * ? *"),
        ("0 9 ? * 6L *", "0 9 ? * 6L *"),
        ("0 9 ? * 3#2 *", "0 9 ? * 3#2 *"),
        # Crontab's five: Sunday is 0 and 7.
        ("30 7 * * *", "30 7 * * ? *"),
        ("30 7 * * 1-5", "30 7 ? * MON,TUE,WED,THU,FRI *"),
        ("30 7 * * MON-FRI", "30 7 ? * MON,TUE,WED,THU,FRI *"),
        ("0 9 * * 0", "0 9 ? * SUN *"),
        ("0 9 * * 5-7", "0 9 ? * SUN,FRI,SAT *"),
        ("0 9 * * */2", "0 9 ? * SUN,TUE,THU,SAT *"),
        ("0 9 1,15 * *", "0 9 1,15 * ? *"),
        ("*/5 * * * *", "0/5 * * * ? *"),
    ],
)
def test_what_is_taken_and_how_eventbridge_is_told_it(given: str, taken: str) -> None:
    assert Cron.parse(given).text == taken
    assert Cron.parse(taken).text == taken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30 7", "give minutes, hours"),
        ("0 30 7 ? * MON-FRI *", "give minutes, hours"),
        ("0 7 * * * *", "one of the days"),
        ("0 7 ? * ? *", "one of the days"),
        ("60 7 * * *", "'60' of the minutes: it is 0 to 59"),
        ("0 24 * * *", "of the hours: it is 0 to 23"),
        ("0 7 0 * *", "of the days of the month: it is 1 to 31"),
        ("0 7 * 13 *", "of the months: it is 1 to 12"),
        ("0 7 * * 8", "of the days of the week: it is 0 to 7"),
        ("0 7 ? * 0 *", "of the days of the week: it is 1 to 7"),
        ("0 7 * * FRI-MON", "it ends before it begins"),
        ("0 7 * * MOO", "it is no number or name"),
        ("a 7 * * *", "it is no number"),
        ("0/0 7 * * *", "what follows / is a number from 1 on"),
        ("0 7 1 * 1", "Make two schedules"),
        ("0 7 1-5W * ? *", "before W stands one day"),
        ("0 7 ? * 6#6 *", "6#2 the second"),
        ("0 7 ? * 1-5L *", "6#2 the second"),
        ("², 7 * * *", "it is no number"),
    ],
)
def test_what_is_none_is_said_to_be(text: str, words: str) -> None:
    with pytest.raises(CronError, match=words):
        Cron.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 L * ? *", ["2026-11-30T09:00", "2026-12-31T09:00", "2027-01-31T09:00"]),
        ("0 9 15W * ? *", ["2026-12-15T09:00", "2027-01-15T09:00", "2027-02-15T09:00"]),
        ("0 9 1W * ? 2027", ["2027-01-01T09:00", "2027-02-01T09:00", "2027-03-01T09:00"]),
        # The first of May 2027 is a Saturday: not the Friday before, which is in April.
        ("0 9 1W 5 ? 2027", ["2027-05-03T09:00"]),
        ("0 9 31W 1 ? 2027", ["2027-01-29T09:00"]),
        ("0 9 ? * 6L *", ["2026-11-27T09:00", "2026-12-25T09:00", "2027-01-29T09:00"]),
        ("0 9 ? * 6#2 *", ["2026-12-11T09:00", "2027-01-08T09:00", "2027-02-12T09:00"]),
        ("0 9 ? * L *", ["2026-11-28T09:00", "2026-12-05T09:00"]),
        ("0 0 29 2 ? *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 9,17 * * 1", ["2026-11-23T09:00", "2026-11-23T17:00", "2026-11-30T09:00"]),
    ],
)
def test_when_it_comes(text: str, expected: list[str]) -> None:
    found = times(text, BERLIN, START, len(expected))
    assert [at[:16] for at in found] == expected


@pytest.mark.parametrize("text", ["0 0 31 2 ? *", "0 0 1 1 ? 2020"])
def test_what_never_comes(text: str) -> None:
    assert Cron.parse(text).after(START, BERLIN) is None


def test_a_daily_time_stays_when_the_clocks_change() -> None:
    spring = datetime(2027, 3, 27, tzinfo=UTC)
    assert times("30 7 * * *", BERLIN, spring, 3) == [
        "2027-03-27T07:30+01:00", "2027-03-28T07:30+02:00", "2027-03-29T07:30+02:00",
    ]  # fmt: skip
    autumn = datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert times("30 7 * * *", NEW_YORK, autumn, 2) == [
        "2026-11-01T07:30-05:00", "2026-11-02T07:30-05:00",
    ]  # fmt: skip


def test_a_time_that_is_skipped_does_not_come_and_one_that_is_repeated_comes_once() -> None:
    spring = datetime(2027, 3, 27, tzinfo=UTC)
    assert times("30 2 * * *", BERLIN, spring, 2) == [
        "2027-03-27T02:30+01:00", "2027-03-29T02:30+02:00",
    ]  # fmt: skip
    autumn = datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert times("30 1 * * *", NEW_YORK, autumn, 2) == [
        "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00",
    ]  # fmt: skip


NUMBERS = st.integers(0, 6).flatmap(
    lambda first: st.integers(first, 7).map(lambda last: (first, last))
)


@given(
    spans=st.lists(NUMBERS, min_size=1, max_size=3),
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    days=st.integers(0, 800),
)
def test_crontabs_weekdays_are_the_same_days(
    spans: list[tuple[int, int]], minute: int, hour: int, days: int
) -> None:
    weekdays = ",".join(f"{first}-{last}" for first, last in spans)
    meant = {number % 7 for first, last in spans for number in range(first, last + 1)}
    moment = START + timedelta(days=days)
    found = Cron.parse(f"{minute} {hour} * * {weekdays}").after(moment, ZoneInfo("UTC"))
    assert found is not None
    # Day by day, as crontab has it: the first whose weekday is meant.
    at = moment.replace(hour=hour, minute=minute)
    while at <= moment or at.isoweekday() % 7 not in meant:
        at += timedelta(days=1)
    assert found == at


FIELD = st.sampled_from(["*", "?", "L"]) | st.text("0123456789*?/-,#LWMON", min_size=1, max_size=5)


@given(st.text(max_size=40) | st.lists(FIELD, min_size=5, max_size=6).map(" ".join))
def test_whatever_is_given_is_taken_as_it_will_be_taken_again_or_refused(text: str) -> None:
    try:
        taken = Cron.parse(text)
    except CronError:
        return
    assert Cron.parse(taken.text) == taken


@given(
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=3),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_time_is_later_at_the_place_and_none_is_left_out(
    minutes: set[int], hours: set[int], moment: datetime, zone: str
) -> None:
    place, moment = ZoneInfo(zone), moment.replace(tzinfo=UTC)
    text = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * ? *"
    found = Cron.parse(text).after(moment, place)
    assert found is not None
    assert found > moment
    local = found.astimezone(place)
    assert (local.minute in minutes, local.hour in hours) == (True, True)
    # Minute by minute: whatever lies between is another time, or the second of its kind.
    at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while at < found:
        wall = at.astimezone(place)
        assert wall.minute not in minutes or wall.hour not in hours or wall.fold == 1
        at += timedelta(minutes=1)
