"""The phone network: Twilio's REST API through Twilio's own library."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from calls.ports import TelephonyError, TwilioCall

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.call import CallContext

TIMEOUT_SECONDS = 10.0
_NOT_FOUND = 20404
_LISTED = 50
_ALREADY_ENDED = {_NOT_FOUND, 21220}
"""Not found; not in progress. https://www.twilio.com/docs/api/errors"""
CALL_EVENTS = ["initiated", "ringing", "completed"]
"""Not `answered`: it would come together with the fetch of the TwiML, which says the same, and take
the one warm function away from it, while somebody listens to silence."""


class TwilioTelephony:
    """``calls.ports.Telephony`` on Twilio."""

    def __init__(self, account_sid: str, auth_token: str, base_url: str) -> None:
        """An account. ``base_url`` is where its REST API is, such as ``https://api.twilio.com``."""
        from twilio.http.http_client import TwilioHttpClient  # here: 0.2 s of CPU
        from twilio.rest import Client

        http = TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        self._client = Client(account_sid, auth_token, http_client=http)
        self._client.api.base_url = base_url
        self._base_url = base_url
        self._credentials = (account_sid, auth_token)

    def create_call(
        self, *, to: str, from_: str, url: str, status_callback: str,
        ring_seconds: int, max_call_seconds: int, answered_by_callback: str | None = None,
    ) -> str:  # fmt: skip
        """See the port."""
        detection: dict[str, Any] = {}
        if answered_by_callback:
            detection = {
                # Not `DetectMessageEnd`: it tells nothing before the announcement is over.
                "machine_detection": "Enable",
                "async_amd": "true",
                "async_amd_status_callback": answered_by_callback,
                "async_amd_status_callback_method": "POST",
            }
        with _errors():
            call = self._client.calls.create(
                to=to,
                from_=from_,
                url=url,
                method="POST",
                # Instructions that could not be had are asked for once more: without it Twilio
                # says that an application error has occurred, and hangs up.
                fallback_url=url,
                fallback_method="POST",
                status_callback=status_callback,
                status_callback_event=CALL_EVENTS,
                status_callback_method="POST",
                timeout=ring_seconds,
                time_limit=max_call_seconds,
                **detection,
            )
        return str(call.sid)

    def status(self, call_sid: str) -> TwilioCall | None:
        """See the port."""
        try:
            with _errors():
                return _known(self._call(call_sid).fetch())
        except TelephonyError as error:
            if error.code == _NOT_FOUND:
                return None
            raise

    def created_since(self, to: str, from_: str, since: datetime) -> list[TwilioCall]:
        """See the port."""
        with _errors():
            calls = self._client.calls.list(
                to=to, from_=from_, start_time_after=since, limit=_LISTED, page_size=_LISTED
            )
        return [_known(call) for call in calls]

    def hang_up(self, call_sid: str) -> None:
        """See the port. ``completed`` ends a ringing call too."""
        self._update(call_sid, status="completed")

    def redirect(self, call_sid: str, url: str) -> None:
        """See the port."""
        self._update(call_sid, url=url, method="POST")

    def transfer(self, call_sid: str, to: str, caller_id: str) -> None:
        """See the port. What Twilio does with the call then is in the TwiML itself: nothing of ours
        is asked any more."""
        from twilio.twiml.voice_response import Dial, VoiceResponse

        dial = Dial(caller_id=caller_id)
        dial.number(to)
        response = VoiceResponse()
        response.append(dial)
        with _errors():
            self._call(call_sid).update(twiml=str(response))

    def dialled(self, call_sid: str) -> bool:
        """See the port. Whom a ``<Dial>`` phones is a call of its own, with this one as parent."""
        with _errors():
            return bool(self._client.calls.list(parent_call_sid=call_sid, limit=1, page_size=1))

    def start_recording(self, call_sid: str, status_callback: str) -> str:
        """See the port."""
        with _errors():
            recording = self._call(call_sid).recordings.create(
                recording_channels="dual",
                trim="do-not-trim",
                recording_status_callback=status_callback,
                recording_status_callback_event=["completed", "absent"],
                recording_status_callback_method="POST",
            )
        return str(recording.sid)

    def recording(self, recording_sid: str) -> bytes:
        """See the port."""
        import httpx

        account = self._credentials[0]
        url = f"{self._base_url}/2010-04-01/Accounts/{account}/Recordings/{recording_sid}.wav"
        try:
            # Twilio sends its media on from a store of its own.
            response = httpx.get(
                url,
                params={"RequestedChannels": 2},
                auth=self._credentials,
                timeout=TIMEOUT_SECONDS,
                follow_redirects=True,
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise TelephonyError("Twilio did not hand the recording out") from error
        return response.content

    def _call(self, call_sid: str) -> "CallContext":
        return self._client.calls(call_sid)

    def _update(self, call_sid: str, **changes: Any) -> None:
        try:
            with _errors():
                self._call(call_sid).update(**changes)
        except TelephonyError as error:
            if error.code not in _ALREADY_ENDED:
                raise


def _known(call: Any) -> TwilioCall:
    duration = call.duration
    return TwilioCall(str(call.sid), str(call.status), int(duration) if duration else None)


@contextmanager
def _errors() -> Iterator[None]:
    """Twilio's and the network's errors as ours. A 5xx or a lost answer is ambiguous."""
    import requests
    from twilio.base.exceptions import TwilioException, TwilioRestException

    try:
        yield
    except TwilioRestException as error:
        status = int(error.status)
        words = "Twilio failed" if status >= 500 else "Twilio refused"
        raise TelephonyError(words, code=error.code, ambiguous=status >= 500) from error
    except requests.ConnectTimeout as error:
        raise TelephonyError("Twilio cannot be reached") from error
    except requests.RequestException as error:
        raise TelephonyError(
            "Twilio did not answer", ambiguous=not _never_connected(error)
        ) from error
    except TwilioException as error:
        raise TelephonyError("Twilio's answer cannot be read", ambiguous=True) from error


def _never_connected(error: Exception) -> bool:
    """Whether the connection itself failed, so that nothing can have been asked."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
