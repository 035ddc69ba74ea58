"""The one customer of the telephone network: who it is, its numbers, and where it may phone."""

from dataclasses import dataclass
from typing import Any

from . import call_request
from .call_request import Address, CallRequest
from .resource import account_path

_SETTABLE = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceApplicationSid": "voice_application_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


class NotConnectedError(Exception):
    """A number that is phoned does not say what is to answer it."""


@dataclass(frozen=True)
class Account:
    """Whose telephone it is."""

    sid: str = "AC00000000000000000000000000000001"
    token: str = "rehearsal-auth-token"  # noqa: S105 - opens nothing but a rehearsal
    numbers: frozenset[str] = frozenset({"+15550000001"})

    def resource(self, *, trial: bool) -> dict[str, Any]:
        """An Account resource, without its token."""
        path = account_path(self.sid)
        return {
            "sid": self.sid,
            "owner_account_sid": self.sid,
            "friendly_name": "rehearsal",
            "status": "active",
            "type": "Trial" if trial else "Full",
            "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
            "uri": f"{path}.json",
            "subresource_uris": {
                "calls": f"{path}/Calls.json",
                "recordings": f"{path}/Recordings.json",
                "incoming_phone_numbers": f"{path}/IncomingPhoneNumbers.json",
            },
        }


class Number:
    """A number of the account, and what it does when it is phoned."""

    def __init__(self, account_sid: str, phone_number: str) -> None:
        self.sid = f"PN{int(phone_number.lstrip('+')):032x}"
        self.phone_number = phone_number
        self._account_sid = account_sid
        self._set = {
            "voice_url": "",
            "voice_method": "POST",
            "voice_application_sid": "",
            "status_callback": "",
            "status_callback_method": "POST",
        }

    def update(self, name: str, value: str) -> None:
        """Set what Twilio calls ``name``; what the network does not know passes."""
        if name in _SETTABLE:
            self._set[_SETTABLE[name]] = value

    def incoming(self, caller: str) -> CallRequest:
        """A call to it.

        Raises:
            NotConnectedError: nobody has said what is to answer it.
        """
        to = self._set
        if not to["voice_url"]:
            raise NotConnectedError(f"{self.phone_number} has no VoiceUrl: nothing answers it")
        callback = None
        if to["status_callback"]:
            callback = Address(to["status_callback"], to["status_callback_method"])
        document = Address(to["voice_url"], to["voice_method"])
        return call_request.incoming(self.phone_number, caller, document, callback)

    def resource(self, *, voice: bool = True) -> dict[str, Any]:
        """An IncomingPhoneNumber resource that can speak (or, for once, not), but not write."""
        return {
            "sid": self.sid,
            "account_sid": self._account_sid,
            "friendly_name": self.phone_number,
            "phone_number": self.phone_number,
            "api_version": "2010-04-01",
            "beta": False,
            "capabilities": {"voice": voice, "sms": False, "mms": False, "fax": False},
            "status": "in-use",
            "trunk_sid": None,
            **self._set,
            "uri": f"{account_path(self._account_sid)}/IncomingPhoneNumbers/{self.sid}.json",
        }


def country(iso_code: str, *, is_open: bool) -> dict[str, Any]:
    """A DialingPermissions Country resource."""
    return {
        "iso_code": iso_code,
        "name": iso_code,
        "continent": None,
        "country_codes": [],
        "low_risk_numbers_enabled": is_open,
        "high_risk_special_numbers_enabled": False,
        "high_risk_tollfraud_numbers_enabled": False,
        "url": f"https://voice.twilio.com/v1/DialingPermissions/Countries/{iso_code}",
        "links": {},
    }
