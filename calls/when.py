"""The time or the times of a schedule.

A time of a place that the clocks skip in spring is as much later as they skip (02:30 is 03:30); one
that they repeat in autumn is its first. What recurs by ``cron`` does not come on a day on which the
clocks skip it, as EventBridge has it.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from calls.cron import Cron

_RATE = re.compile(r"([1-9]\d{0,4}) (minute|hour|day)s?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(2000, 2200)


def _at(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
        if len(text) < len("2026-11-25T07:30") or at.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise ValueError(
            "a date and a time are wanted, such as 2026-11-25T07:30, or with an offset "
            "2026-11-25T07:30:00+01:00"
        ) from None
    return at.isoformat(timespec="seconds")


def _rate(text: str) -> str:
    inner = text.strip().removeprefix("rate(").removesuffix(")")
    found = _RATE.fullmatch(inner)
    if found is None:
        raise ValueError("a number and a unit are wanted, from `1 minute` on, such as `2 hours`")
    return f"{found[1]} {found[2]}{'' if found[1] == '1' else 's'}"


def _day(given: object) -> object:
    # Pydantic would take numbers, too, and dates with a time; Python, weeks.
    day = given
    if isinstance(given, str):
        try:
            day = date.fromisoformat(given) if _DAY.fullmatch(given) else None
        except ValueError:
            day = None
    if not isinstance(day, date) or isinstance(day, datetime) or day.year not in _YEARS:
        raise ValueError("a day of this century or the next is wanted, such as 2026-12-24")
    return day


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            "there is no such zone; IANA names are wanted, such as Europe/Berlin"
        ) from None
    return name


Zone = Annotated[str, Field(max_length=50), AfterValidator(_zone)]
At = Annotated[str, Field(max_length=40), AfterValidator(_at)]
CronText = Annotated[str, Field(max_length=200), AfterValidator(lambda text: Cron.parse(text).text)]
Day = Annotated[date, BeforeValidator(_day)]
Rate = Annotated[str, Field(max_length=40), AfterValidator(_rate)]


class When(BaseModel):
    """The time or the times: one of ``at``, ``cron`` and ``rate``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: At | None = Field(None, examples=["2026-11-25T07:30"])
    """Once: a date and a time in `time_zone`, or with an offset of its own."""
    cron: CronText | None = Field(None, examples=["30 7 ? * MON-FRI *"])
    """Again and again: EventBridge's six fields; or crontab's five, where they say the same."""
    rate: Rate | None = Field(None, examples=["2 hours"])
    """Again and again, first so long after it was asked for: minutes, hours or days of 24 hours."""
    time_zone: Zone | None = Field(None, examples=["Europe/Berlin"])
    """What the times are in; by default the callee's, if the number tells exactly one."""
    start: Day | None = None
    """The first day of what recurs."""
    end: Day | None = None
    """The last day of what recurs, itself included."""

    @model_validator(mode="after")
    def _is_one_of_three(self) -> "When":
        if sum(each is not None for each in (self.at, self.cron, self.rate)) != 1:
            raise ValueError("give one of `at`, `cron` and `rate`")
        if self.at is not None and (self.start or self.end):
            raise ValueError("`start` and `end` are for `cron` and `rate`")
        if self.start and self.end and self.end < self.start:
            raise ValueError("`end` is before `start`")
        return self

    @property
    def needs_zone(self) -> bool:
        """Whether it means nothing without a place."""
        local = self.at is not None and datetime.fromisoformat(self.at).tzinfo is None
        return local or self.cron is not None or self.start is not None or self.end is not None

    @property
    def once(self) -> datetime | None:
        """The moment of ``at``, in UTC."""
        if self.at is None:
            return None
        at = datetime.fromisoformat(self.at)
        return at.astimezone(UTC) if at.tzinfo else self._instant(at)

    @property
    def begins(self) -> datetime | None:
        """The first moment of the first day, in UTC."""
        return None if self.start is None else self._instant(datetime.combine(self.start, time()))

    @property
    def ends(self) -> datetime | None:
        """The last second of the last day, in UTC."""
        if self.end is None:
            return None
        midnight = self._instant(datetime.combine(self.end + timedelta(1), time()))
        return midnight - timedelta(seconds=1)

    @property
    def every(self) -> timedelta | None:
        """The time of ``rate``."""
        if self.rate is None:
            return None
        number, unit = self.rate.split()
        return int(number) * timedelta(**{f"{unit.removesuffix('s')}s": 1})

    def after(self, moment: datetime, since: datetime) -> datetime | None:
        """The next time after ``moment``, in UTC; None, if there is none any more.

        Args:
            since: when it was asked for, which ``rate`` counts from.
        """
        found = self._after(moment, since)
        return None if found is None or (self.ends and found > self.ends) else found

    def _after(self, moment: datetime, since: datetime) -> datetime | None:
        if self.once is not None:
            return self.once if self.once > moment else None
        begins = self.begins
        if self.cron is not None:
            # A time of the very first moment is one, too.
            first = begins - timedelta(microseconds=1) if begins else moment
            return Cron.parse(self.cron).after(max(moment, first), self._place)
        assert self.every is not None  # one of the three is there
        first = begins if begins and begins > since else since + self.every
        times = max(0, (moment - first) // self.every + 1)
        return first + times * self.every

    @property
    def _place(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone or "UTC")

    def _instant(self, wall: datetime) -> datetime:
        # Of a time that is skipped, by the offset before; of one that comes twice, the first.
        return wall.replace(tzinfo=self._place, fold=0).astimezone(UTC)
