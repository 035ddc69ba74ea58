"""When a webhook is asked again, and what its answers mean."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.delivery import (
    ATTEMPTS,
    DELAYS_SECONDS,
    LONGEST_ASKED_SECONDS,
    Verdict,
    asked_seconds,
    seconds_to_next,
    verdict,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONGEST_VISIBILITY = 12 * 3600  # SQS's own bound, counted from when the message was received.
chances = st.floats(0, 1)
failed = st.integers(1, ATTEMPTS - 1)
asked = st.none() | st.integers(0, LONGEST_ASKED_SECONDS)


def test_a_day_of_attempts() -> None:
    assert list(DELAYS_SECONDS) == sorted(DELAYS_SECONDS)
    assert 23 * 3600 < sum(DELAYS_SECONDS) < 26 * 3600
    assert [seconds_to_next(attempt, 0.5) for attempt in range(1, ATTEMPTS)] == [*DELAYS_SECONDS]


@given(st.integers(ATTEMPTS, 1000), chances, asked)
def test_after_the_last_there_is_no_next(attempt: int, chance: float, wish: int | None) -> None:
    assert seconds_to_next(attempt, chance, wish) is None


@given(failed, chances, asked)
def test_a_wait_is_about_the_schedules_and_never_shorter_than_asked(
    attempt: int, chance: float, wish: int | None
) -> None:
    wait = seconds_to_next(attempt, chance, wish)
    assert wait is not None
    delay = DELAYS_SECONDS[attempt - 1]
    assert wait >= max(int(0.75 * delay), wish or 0)
    assert wait <= max(1.25 * delay, 1.25 * (wish or 0)) + 1
    assert wait < LONGEST_VISIBILITY


@given(failed)
def test_chance_spreads_what_failed_together(attempt: int) -> None:
    waits = {seconds_to_next(attempt, chance / 100, 600) for chance in range(101)}
    assert len(waits) > 5


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        (200, Verdict.DELIVERED), (204, Verdict.DELIVERED), (299, Verdict.DELIVERED),
        (410, Verdict.GONE),
        (199, Verdict.AGAIN), (301, Verdict.AGAIN), (400, Verdict.AGAIN), (404, Verdict.AGAIN),
        (429, Verdict.AGAIN), (500, Verdict.AGAIN), (503, Verdict.AGAIN),
    ],
)  # fmt: skip
def test_what_a_status_means(status: int, meant: Verdict) -> None:
    assert verdict(status) is meant


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0), ("120", 120), (" 120 ", 120), ("0000000000000000001", 1),
        ("21601", LONGEST_ASKED_SECONDS), ("9" * 5000, LONGEST_ASKED_SECONDS),
        (format_datetime(AT + timedelta(minutes=5), usegmt=True), 300),
        ("Sun, 22 Nov 2026 12:05:00 -0000", 300),
        (format_datetime(AT - timedelta(minutes=5), usegmt=True), 0),
        (format_datetime(AT + timedelta(days=5), usegmt=True), LONGEST_ASKED_SECONDS),
        (None, None), ("", None), ("-5", None), ("1.5", None), ("soon", None), ("٣", None),
    ],
)  # fmt: skip
def test_what_a_busy_receiver_asks_for(
    status: int, header: str | None, seconds: int | None
) -> None:
    assert asked_seconds(status, header, AT) == seconds


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_only_who_is_busy_is_asked_when(status: int) -> None:
    assert asked_seconds(status, "120", AT) is None


_dates = st.from_regex(r"\w{3}, \d{1,9} \w{3} \d{1,9} \d{1,4}:\d\d(:\d{1,4})?( [+-]?\w{1,9})?")


@given(st.text() | _dates | st.datetimes().map(format_datetime))
def test_whatever_a_header_holds_is_bounded(header: str) -> None:
    seconds = asked_seconds(503, header, AT)
    assert seconds is None or 0 <= seconds <= LONGEST_ASKED_SECONDS
