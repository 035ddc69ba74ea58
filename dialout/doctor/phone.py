"""The telephone: is the number ours, may we phone where we want to, and how much at once."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx
import phonenumbers

from dialout.doctor.finding import Finding, fail, ok, skipped, warn
from dialout.doctor.patient import Patient, masked

_PROFILES_SINCE = datetime(2026, 2, 3, tzinfo=UTC)
"""Accounts upgraded from then on are held to few calls at once without an approved profile."""
_TWILIO = "https://api.twilio.com"
_GEO = "https://console.twilio.com/us1/develop/voice/settings/geo-permissions"


async def from_number(patient: Patient) -> Finding:
    """The default from number, among the account's"""
    number = patient.settings.default_from_number
    set_it = f"npx cdk deploy -c env={patient.env} -c set.DIALOUT_DEFAULT_FROM_NUMBER=+1…"
    if not number:
        return warn("no default from number: each request has to carry from_number", set_it)
    if not number.startswith("+"):
        return fail("DIALOUT_DEFAULT_FROM_NUMBER is not in E.164, such as +15550100001", set_it)
    shown = masked(number)
    owned = await _listed(patient, "IncomingPhoneNumbers", "incoming_phone_numbers", number)
    if owned:
        if owned[0].get("capabilities", {}).get("voice"):
            return ok(f"{shown} is the account's, and can phone")
        return fail(f"{shown} is the account's, but cannot phone: it has no voice", set_it)
    if await _listed(patient, "OutgoingCallerIds", "outgoing_caller_ids", number):
        return warn(f"{shown} is only a verified caller ID: who calls back misses us", set_it)
    return fail(
        f"{shown} is not a number of this Twilio account",
        f"buy one at https://console.twilio.com, or take one of `dialout numbers list`: {set_it}",
    )


async def account(patient: Patient) -> Finding:
    """Trial or full, and how many calls it may have at once"""
    if patient.account.get("type") == "Trial":
        return warn(
            "a Twilio trial account: it phones only numbers that it has verified, plays a message "
            "of Twilio's before each call, and has 5 calls at once",
            "verify whom you phone at https://console.twilio.com (Verified Caller IDs), or upgrade",
        )
    if _created(patient.account) < _PROFILES_SINCE:
        return ok("a full Twilio account")
    answer = await _twilio(
        patient, "trusthub", "/v1/CustomerProfiles?Status=twilio-approved&PageSize=1"
    )
    if answer.status_code == 200 and answer.json().get("results"):
        return ok("a full Twilio account with an approved profile")
    return warn(
        "a full Twilio account without an approved profile: it has 2 calls at once",
        "have a profile approved at https://console.twilio.com (Trust Hub); until then "
        f"npx cdk deploy -c env={patient.env} -c set.DIALOUT_MAX_CONCURRENT_CALLS=2",
    )


async def geo(patient: Patient) -> Finding:
    """Twilio's dialing permission of each allowed country"""
    try:
        countries = _countries(patient)
    except phonenumbers.NumberParseException:
        countries = []
    if not countries:
        return skipped("neither DIALOUT_ALLOWED_COUNTRIES nor a from number says which countries")
    answers = await asyncio.gather(
        *(
            _twilio(patient, "voice", f"/v1/DialingPermissions/Countries/{quote(country)}")
            for country in countries
        )
    )
    closed = []
    for country, answer in zip(countries, answers, strict=True):
        if answer.status_code == 404:
            return fail(
                f"Twilio knows no country {country}",
                f"npx cdk deploy -c env={patient.env} -c set.DIALOUT_ALLOWED_COUNTRIES=US,…",
            )
        if answer.status_code != 200 or "low_risk_numbers_enabled" not in answer.text:
            return skipped(f"Twilio does not tell its dialing permissions ({answer.status_code})")
        if not answer.json()["low_risk_numbers_enabled"]:
            closed.append(country)
    if closed:
        return fail(
            f"Twilio does not let this account phone {', '.join(closed)}", f"allow it at {_GEO}"
        )
    return ok(f"may phone {', '.join(countries)}")


def _countries(patient: Patient) -> list[str]:
    chosen = patient.settings.allowed_countries
    if chosen:
        return [country.strip().upper() for country in chosen.split(",") if country.strip()]
    if not patient.settings.default_from_number:
        return []
    number = phonenumbers.parse(patient.settings.default_from_number)
    code = number.country_code or 0
    # A number that is nobody's, such as +1555…, still has its calling code's country.
    region = phonenumbers.region_code_for_number(number)
    return [region or phonenumbers.region_code_for_country_code(code)]


def _created(account: dict[str, Any]) -> datetime:
    try:
        return parsedate_to_datetime(account["date_created"])
    except (KeyError, TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)


async def _listed(patient: Patient, path: str, key: str, number: str) -> list[dict[str, Any]]:
    """The account's numbers of that kind that are ``number``: none or one."""
    sid = quote(patient.secrets["twilio/account-sid"])
    answer = await _twilio(
        patient, "api", f"/2010-04-01/Accounts/{sid}/{path}.json?PhoneNumber={quote(number)}"
    )
    if answer.status_code != 200:
        return []
    return [each for each in answer.json()[key] if each.get("phone_number") == number]


async def _twilio(patient: Patient, product: str, path: str) -> httpx.Response:
    base = patient.settings.twilio_api_base_url
    if base == _TWILIO:
        base = f"https://{product}.twilio.com"
    credentials = (patient.secrets["twilio/account-sid"], patient.secrets["twilio/auth-token"])
    return await patient.ask("Twilio", "GET", base + path, auth=credentials)
