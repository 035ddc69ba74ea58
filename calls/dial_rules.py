"""Who may be phoned, and when. Pure: asked at dial time, for every call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import phonenumbers

from calls import attempts
from calls.call import Call
from calls.calling_window import CallingWindow, CallingWindowError, zones
from calls.refused import RuleRefusedError
from calls.settings import Settings


class ListedError(RuleRefusedError):
    """The callee asked never to be phoned again."""

    def __init__(self) -> None:
        super().__init__(
            "do_not_call",
            "this number is on the do-not-call list; only somebody who has the callee's word "
            "may take it off: DELETE /do-not-call/{number}",
        )


@dataclass(frozen=True)
class Known:
    """What the records know of a callee."""

    listed: bool = False
    """On the do-not-call list."""
    attempts: int = 0
    """So often dialled on this day of theirs."""


Refusal = RuleRefusedError | None
Rule = Callable[[Call, Known, Settings, datetime], Refusal]


def refusals(call: Call, known: Known, settings: Settings, at: datetime) -> dict[str, Refusal]:
    """What each rule says of a call that would be dialled then, by the rule's code."""
    return {code: rule(call, known, settings, at) for code, rule in _RULES.items()}


def check(call: Call, known: Known, settings: Settings, at: datetime) -> None:
    """Nothing, if every rule allows the call.

    Raises:
        RuleRefusedError: the first that does not.
    """
    for refusal in refusals(call, known, settings, at).values():
        if refusal is not None:
            raise refusal


def too_frequent(call: Call, settings: Settings, at: datetime) -> RuleRefusedError:
    """The refusal of a number that had its calls of the day."""
    window = CallingWindow.parse(settings.calling_window)
    allowed_at = attempts.next_day(call.to_number, call.time_zone, window, at)
    times = settings.max_calls_per_number_per_day
    return RuleRefusedError(
        "too_frequent",
        f"this number was dialled {times} times today, which is all that "
        f"DIALOUT_MAX_CALLS_PER_NUMBER_PER_DAY allows{_again(allowed_at)}",
        allowed_at,
    )


def country(number: str) -> str:
    """The ISO code of a number's country; by its calling code where the number tells no more."""
    parsed = phonenumbers.parse(number)
    found = phonenumbers.region_code_for_number(parsed)
    return str(found or phonenumbers.region_code_for_country_code(parsed.country_code or 0))


def _listed(call: Call, known: Known, settings: Settings, at: datetime) -> Refusal:
    return ListedError() if known.listed else None


def _country(call: Call, known: Known, settings: Settings, at: datetime) -> Refusal:
    listed = [code.strip().upper() for code in settings.allowed_countries.split(",")]
    allowed = [code for code in listed if code] or [country(call.from_number)]
    called = country(call.to_number)
    if called in allowed:
        return None
    return RuleRefusedError(
        "country_not_allowed",
        f"calls go to {', '.join(allowed)} only, and this number is of {called}: "
        "add it to DIALOUT_ALLOWED_COUNTRIES",
    )


def _consent(call: Call, known: Known, settings: Settings, at: datetime) -> Refusal:
    if call.purpose != "marketing" or call.consent is not None:
        return None
    return RuleRefusedError(
        "consent_required",
        f"agent {call.agent!r} calls for marketing: give `consent` with its basis, date and source",
    )


def _hours(call: Call, known: Known, settings: Settings, at: datetime) -> Refusal:
    window = CallingWindow.parse(settings.calling_window)
    if window.always:
        return None
    try:
        places = zones(call.to_number, call.time_zone)
    except CallingWindowError as error:
        return RuleRefusedError("quiet_hours", str(error))
    opens = window.next_open(at, places)
    if opens == at:
        return None
    where = places[0] if len(places) == 1 else f"all of {', '.join(places)}"
    hours = f"it is outside of {settings.calling_window} in {where}"
    if opens is None:
        return RuleRefusedError("quiet_hours", f"{hours}, and no hour fits: give time_zone")
    return RuleRefusedError("quiet_hours", hours + _again(opens), opens)


def _frequency(call: Call, known: Known, settings: Settings, at: datetime) -> Refusal:
    most = settings.max_calls_per_number_per_day
    return too_frequent(call, settings, at) if 0 < most <= known.attempts else None


def _again(allowed_at: datetime | None) -> str:
    return f"; allowed again at {allowed_at:%Y-%m-%dT%H:%MZ}" if allowed_at else ""


_RULES: dict[str, Rule] = {
    "do_not_call": _listed,
    "country_not_allowed": _country,
    "consent_required": _consent,
    "quiet_hours": _hours,
    "too_frequent": _frequency,
}
