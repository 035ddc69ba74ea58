"""Who may be phoned, and when. Pure: asked at dial time, for every call."""

from datetime import datetime

import phonenumbers

from calls.calling_window import CallingWindow, zones
from calls.settings import Settings


class RuleRefusedError(Exception):
    """A rule forbids this call now. ``code`` is the API's word for the rule.

    Attributes:
        allowed_at: when the same call would be allowed; None, if waiting does not help.
    """

    def __init__(self, code: str, message: str, allowed_at: datetime | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.allowed_at = allowed_at


def check(
    to_number: str, from_number: str, time_zone: str | None, settings: Settings, at: datetime
) -> None:
    """Nothing, if every rule allows the call.

    Raises:
        RuleRefusedError: the first that does not.
        CallingWindowError: the zone is unknown, or the window of the settings is none.
    """
    _country(to_number, from_number, settings)
    _hours(to_number, time_zone, settings, at)


def country(number: str) -> str:
    """The ISO code of a number's country; by its calling code where the number tells no more."""
    parsed = phonenumbers.parse(number)
    found = phonenumbers.region_code_for_number(parsed)
    return str(found or phonenumbers.region_code_for_country_code(parsed.country_code or 0))


def _country(to_number: str, from_number: str, settings: Settings) -> None:
    listed = [code.strip().upper() for code in settings.allowed_countries.split(",")]
    allowed = [code for code in listed if code] or [country(from_number)]
    called = country(to_number)
    if called not in allowed:
        raise RuleRefusedError(
            "country_not_allowed",
            f"calls go to {', '.join(allowed)} only, and this number is of {called}: "
            "add it to DIALOUT_ALLOWED_COUNTRIES",
        )


def _hours(number: str, time_zone: str | None, settings: Settings, at: datetime) -> None:
    window = CallingWindow.parse(settings.calling_window)
    if time_zone is None and window.always:
        return
    places = zones(number, time_zone)
    opens = window.next_open(at, places)
    if opens == at:
        return
    where = places[0] if len(places) == 1 else f"all of {', '.join(places)}"
    hours = f"it is outside of {settings.calling_window} in {where}"
    if opens is None:
        raise RuleRefusedError("quiet_hours", f"{hours}, and no hour fits: give time_zone")
    raise RuleRefusedError(
        "quiet_hours", f"{hours}; allowed again at {opens:%Y-%m-%dT%H:%MZ}", opens
    )
