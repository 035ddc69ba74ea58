"""When somebody may be phoned: the hours of the day at the callee's own place. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

US_ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles",
)  # fmt: skip
"""The contiguous United States: for +1 numbers that belong to no place, such as toll-free ones."""
_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_UNKNOWN = "Etc/Unknown"
_LOOK_AHEAD_DAYS = 3


class CallingWindowError(ValueError):
    """A window or a zone is not one. The message says what is wanted."""


@dataclass(frozen=True)
class CallingWindow:
    """From a minute of the day on, until before another one; in local time."""

    opens: int
    closes: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """``08:00-21:00``; ``00:00-24:00`` is always.

        Raises:
            CallingWindowError: it is not of that form, or ends before it begins.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise CallingWindowError(f"{text!r}: a calling window is written as 08:00-21:00")
        opens, closes = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
        if not opens < closes <= 24 * 60:
            raise CallingWindowError(f"{text!r}: the calling window ends before it begins")
        return cls(opens, closes)

    @property
    def always(self) -> bool:
        """Whether no hour is left out."""
        return (self.opens, self.closes) == (0, 24 * 60)

    def contains(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether ``at`` lies in the window in that zone."""
        local = at.astimezone(zone)
        return self.opens <= local.hour * 60 + local.minute < self.closes

    def next_open(self, at: datetime, zones: tuple[str, ...]) -> datetime | None:
        """``at`` itself, if all zones are in the window then; else the first moment when they are.

        None, if there is none within three days: no hour is in the window everywhere.
        """
        places = [ZoneInfo(name) for name in zones]
        moments = [at, *(m for place in places for m in self._openings(at, place))]
        fit = (m for m in moments if all(self.contains(m, place) for place in places))
        return min(fit, default=None)

    def _openings(self, at: datetime, place: ZoneInfo) -> list[datetime]:
        """The window's next beginnings in one zone. Each common stretch begins with one of them."""
        today = at.astimezone(place).date()
        opens = time(self.opens // 60, self.opens % 60, tzinfo=place)
        days = (today + timedelta(days=n) for n in range(_LOOK_AHEAD_DAYS + 1))
        moments = (datetime.combine(day, opens).astimezone(at.tzinfo) for day in days)
        return [moment for moment in moments if moment >= at]


def zones(number: str, time_zone: str | None) -> tuple[str, ...]:
    """Where the callee may be: the zone of the request, or all that the number may be in.

    A mobile number tells its country, not where its owner is; a ported one may tell another place.

    Raises:
        CallingWindowError: the zone is unknown, or the number's is and none was given.
    """
    if time_zone is not None:
        try:
            ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError):
            raise CallingWindowError(
                "time_zone: there is no such zone; IANA names are wanted, such as Europe/Berlin"
            ) from None
        return (time_zone,)
    parsed = phonenumbers.parse(number)
    found = timezone.time_zones_for_number(parsed)
    region = phonenumbers.region_code_for_number(parsed)
    if parsed.country_code == 1 and (found == (_UNKNOWN,) or _everywhere(found)):
        return US_ZONES
    if found == (_UNKNOWN,):
        found = timezone.time_zones_for_geographical_number(parsed)
    if found == (_UNKNOWN,):
        raise CallingWindowError(
            f"the time zone of this number ({region or 'no country'}) is not known: give time_zone"
        )
    return tuple(found)


def _everywhere(found: tuple[str, ...]) -> bool:
    # Toll-free and the like: every zone from Adak to Puerto Rico.
    return "America/Adak" in found and "America/Halifax" in found
