"""EventBridge's cron expressions: checked, made from the usual five fields, and when they come.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_LONGEST = 256 - len("cron()")
"""Characters of an expression, as EventBridge takes it."""
_YEARS_AHEAD = 41
"""29 February on a given weekday comes that seldom at most, over a century without leap day."""


class CronError(ValueError):
    """It is no cron expression. The message says what is wanted."""


@dataclass(frozen=True)
class _Field:
    name: str
    least: int
    most: int
    names: dict[str, int]

    def terms(self, text: str) -> Iterator[tuple[str, range]]:
        """Each part of the list in a form that EventBridge takes, and the numbers it stands for.

        Raises:
            CronError: it is none of ``*``, ``5``, ``1-5``, ``0/15``, a name, or a list of them.
        """
        for term in text.split(","):
            span, slash, step = term.partition("/")
            if slash and not (step.isascii() and step.isdecimal() and int(step) > 0):
                raise self._wrong(term, "what follows / is a number from 1 on")
            first, dash, last = span.partition("-")
            begins = self.least if span == "*" else self._number(first, term)
            ends = self._number(last, term) if dash else self.most
            if not dash and span != "*" and not slash:
                ends = begins
            if begins > ends:
                raise self._wrong(term, "it ends before it begins")
            numbers = range(begins, ends + 1, int(step) if slash else 1)
            if slash and dash:
                term = ",".join(map(str, numbers))
            elif slash:
                term = f"{begins}/{step}"
            yield term, numbers

    def _number(self, text: str, term: str) -> int:
        if text in self.names:
            return self.names[text]
        if not (text.isascii() and text.isdecimal()):
            raise self._wrong(term, "it is no number" + (" or name" if self.names else ""))
        if not self.least <= int(text) <= self.most:
            raise self._wrong(term, f"it is {self.least} to {self.most}")
        return int(text)

    def _wrong(self, term: str, why: str) -> CronError:
        return CronError(f"{term[:20]!r} of the {self.name}: {why}")


_MINUTE = _Field("minutes", 0, 59, {})
_HOUR = _Field("hours", 0, 23, {})
_DAY = _Field("days of the month", 1, 31, {})
_MONTH = _Field("months", 1, 12, _MONTHS)
_WEEKDAY = _Field("days of the week", 1, 7, _WEEKDAYS)
_UNIX_WEEKDAY = _Field(
    "days of the week", 0, 7, {name: number - 1 for name, number in _WEEKDAYS.items()}
)
_YEAR = _Field("years", 1970, 2199, {})


def _set(field: _Field, text: str) -> tuple[str, frozenset[int]]:
    terms = list(field.terms(text))
    shown = text if text == "*" else ",".join(term for term, _ in terms)
    return shown, frozenset(number for _, numbers in terms for number in numbers)


@dataclass(frozen=True)
class _Days:
    """Which days of a month: of its own numbers, or by weekday (1 is Sunday)."""

    numbers: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    last: bool = False
    nearest: int | None = None
    """The weekday (Monday to Friday) that is nearest to this day, in the same month."""
    nth: tuple[int, int] | None = None
    """``(weekday, n)``: the n-th such day of the month; n = 0 is the last."""

    def has(self, day: date) -> bool:
        weekday = day.isoweekday() % 7 + 1
        length = calendar.monthrange(day.year, day.month)[1]
        if self.nth:
            wanted, n = self.nth
            at = day.day + 7 > length if n == 0 else (day.day - 1) // 7 + 1 == n
            return weekday == wanted and at
        if self.nearest is not None:
            return self.nearest <= length and day == _nearest_weekday(day, self.nearest, length)
        return (
            day.day in self.numbers or weekday in self.weekdays or (self.last and day.day == length)
        )


def _nearest_weekday(month: date, number: int, length: int) -> date:
    day = month.replace(day=number)
    if day.isoweekday() == 6:
        return day - timedelta(1) if number > 1 else day + timedelta(2)
    if day.isoweekday() == 7:
        return day + timedelta(1) if number < length else day - timedelta(2)
    return day


@dataclass(frozen=True)
class Cron:
    """A cron expression: minutes, hours, days of the month, months, days of the week, years."""

    text: str
    """As EventBridge takes it, without ``cron()``: ``30 7 ? * MON-FRI *``."""
    minutes: frozenset[int]
    hours: frozenset[int]
    days: _Days
    months: frozenset[int]
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """EventBridge's six fields, or the five of crontab, where they say the same.

        Crontab counts the days of the week from Sunday = 0, EventBridge from Sunday = 1; crontab
        takes a day of the month *or* of the week where both are given, EventBridge only one.

        Raises:
            CronError: neither; or crontab's with both kinds of days.
        """
        inner = text.strip().upper()
        if inner.startswith("CRON(") and inner.endswith(")"):
            inner = inner[5:-1]
        fields = inner.split()
        if len(fields) == 5:
            fields = _from_crontab(fields)
        if len(fields) != 6:
            raise CronError(
                "give minutes, hours, days of the month, months, days of the week, years, "
                "such as `30 7 ? * MON-FRI *`; or crontab's five fields, such as `30 7 * * 1-5`"
            )
        minute, minutes = _set(_MINUTE, fields[0])
        hour, hours = _set(_HOUR, fields[1])
        month, months = _set(_MONTH, fields[3])
        year, years = _set(_YEAR, fields[5])
        day, weekday, days = _days(fields[2], fields[4])
        shown = " ".join((minute, hour, day, month, weekday, year))
        if len(shown) > _LONGEST:
            raise CronError("it is too long for EventBridge; make two schedules")
        return cls(shown, minutes, hours, days, months, years)

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first time after ``moment``, in UTC; None, if there is none in forty years.

        As EventBridge: a time that the clocks skip in spring does not come on that day, one that
        they repeat in autumn comes once. It is not said which of the two; here it is the first.
        """
        day = moment.astimezone(zone).date()
        until = day.year + _YEARS_AHEAD
        while day.year < until:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = (day.replace(day=1) + timedelta(32)).replace(day=1)
            else:
                for at in self._of(day, zone):
                    if at > moment:
                        return at
                day += timedelta(1)
        return None

    def _of(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        if not self.days.has(day):
            return
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                wall = datetime.combine(day, time(hour, minute))
                at = wall.replace(tzinfo=zone).astimezone(UTC)
                if at.astimezone(zone).replace(tzinfo=None) == wall:
                    yield at


def _days(day: str, weekday: str) -> tuple[str, str, _Days]:
    if (day == "?") == (weekday == "?"):
        raise CronError("one of the days, of the month or of the week, is ?, and one is not")
    if day == "?":
        shown, days = _weekdays(weekday)
        return "?", shown, days
    if day == "L":
        return day, "?", _Days(last=True)
    if day.endswith("W"):
        _, numbers = _set(_DAY, day[:-1])
        if len(numbers) != 1:
            raise CronError("before W stands one day of the month")
        return day, "?", _Days(nearest=min(numbers))
    shown, numbers = _set(_DAY, day)
    return shown, "?", _Days(numbers=numbers)


def _weekdays(text: str) -> tuple[str, _Days]:
    if text == "L":
        return text, _Days(weekdays=frozenset({7}))
    number, mark, nth = text.partition("#")
    last = not mark and text.endswith("L")
    if mark or last:
        _, numbers = _set(_WEEKDAY, number.removesuffix("L") if last else number)
        if len(numbers) != 1 or (mark and nth not in ("1", "2", "3", "4", "5")):
            raise CronError("days of the week: 6L is the last Friday, 6#2 the second")
        return text, _Days(nth=(min(numbers), int(nth) if mark else 0))
    shown, numbers = _set(_WEEKDAY, text)
    if "/" in shown:
        # EventBridge has no steps here.
        shown = ",".join(map(str, sorted(numbers)))
    return shown, _Days(weekdays=numbers)


def _from_crontab(fields: list[str]) -> list[str]:
    minute, hour, day, month, weekday = fields
    if weekday in ("*", "?"):
        return [minute, hour, "*" if day == "?" else day, month, "?", "*"]
    if day not in ("*", "?"):
        raise CronError(
            "with five fields, give a day of the month or of the week: crontab means "
            "either of the two, and EventBridge takes only one. Make two schedules"
        )
    _, numbers = _set(_UNIX_WEEKDAY, weekday)
    names = {number - 1: name for name, number in _WEEKDAYS.items()}
    listed = ",".join(names[number] for number in sorted({number % 7 for number in numbers}))
    return [minute, hour, "?", month, listed, "*"]
