"""Placing a call: every check first, the record next, the ringing last."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ulid import ULID

from calls import agents, dial_rules
from calls.call import Call, EndReason, Status, now
from calls.calling_window import CallingWindowError
from calls.dial_request import DialRequest
from calls.ports import (
    CallRecords,
    Idempotency,
    IdempotencyTakenError,
    Telephony,
    TelephonyError,
)
from calls.settings import Settings

RING_SECONDS = 60
"""How long it rings at most: Twilio's own default."""
GRACE_SECONDS = 60
"""Added to the longest call before its stream token dies."""

_REFUSED = "create_refused"
"""In the timeline when Twilio said no; its detail is Twilio's error code."""


class DialRefusedError(Exception):
    """Nothing was dialled. The message says what to mend; ``code`` is the API's word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class IdempotencyConflictError(Exception):
    """The key was used for another request."""

    def __init__(self) -> None:
        super().__init__(
            "this Idempotency-Key was used for another request; use a new key for a new call"
        )


class CallNotPlacedError(Exception):
    """The telephony vendor did not take the call, or did not say whether it did."""

    def __init__(self, call_id: str, cause: TelephonyError) -> None:
        super().__init__(str(cause))
        self.call_id = call_id
        self.code = cause.code
        self.ambiguous = cause.ambiguous


@dataclass(frozen=True)
class Dialed:
    """The call that a request made, and whether it had been made before."""

    call: Call
    replayed: bool = False


@dataclass(frozen=True)
class Dialer:
    """Places calls."""

    records: CallRecords
    telephony: Telephony
    settings: Settings
    clock: Callable[[], datetime] = now

    def dial(self, request: DialRequest, *, api_key: str, idempotency_key: str | None) -> Dialed:
        """Phone somebody, at most once for one key.

        Raises:
            DialRefusedError: the request cannot be done; nothing was written or dialled.
            RuleRefusedError: a dial rule forbids it now; nothing was written or dialled.
            IdempotencyConflictError: the key was used for another request.
            CallNotPlacedError: Twilio refused or failed; the record says so.
        """
        call = self._planned(request, api_key)
        try:
            self.records.create(call, _idempotency(request, api_key, idempotency_key))
        except IdempotencyTakenError as taken:
            if taken.request_sha256 != _sha256(request):
                raise IdempotencyConflictError from taken
            return self._replayed(self.records.get(taken.call_id))
        return Dialed(self._ring(call))

    def _replayed(self, call: Call) -> Dialed:
        for entry in call.timeline:
            if entry.event == _REFUSED:
                code = int(entry.detail) if entry.detail else None
                raise CallNotPlacedError(call.call_id, TelephonyError("Twilio refused", code=code))
        return Dialed(call, replayed=True)

    def _planned(self, request: DialRequest, api_key: str) -> Call:
        if not self.settings.public_ws_url or not self.settings.public_api_url:
            raise DialRefusedError(
                "not_configured",
                "set DIALOUT_PUBLIC_API_URL and DIALOUT_PUBLIC_WS_URL, so that Twilio finds us",
            )
        from_number = request.from_number or self.settings.default_from_number
        if not from_number:
            raise DialRefusedError(
                "invalid_request", "give from_number, or set DIALOUT_DEFAULT_FROM_NUMBER"
            )
        if from_number == request.to_number:
            raise DialRefusedError("invalid_request", "to_number is the number that calls")
        agent = self._agent(request)
        self._allowed(request, from_number)
        seconds = min(
            request.max_call_seconds or agent.max_call_seconds or self.settings.max_call_seconds,
            self.settings.max_call_seconds,
        )
        at = self.clock()
        call = Call(
            call_id=str(ULID.from_datetime(at)),
            to_number=request.to_number,
            from_number=from_number,
            agent=agent.name,
            variables=request.variables,
            metadata=request.metadata,
            webhook_url=request.webhook_url,
            api_key=api_key,
            created_at=at,
            max_call_seconds=seconds,
            stream_until=at + timedelta(seconds=RING_SECONDS + seconds + GRACE_SECONDS),
        )
        return call.reach(Status.DIALING, "dialing", at)

    def _allowed(self, request: DialRequest, from_number: str) -> None:
        try:
            dial_rules.check(
                request.to_number, from_number, request.time_zone, self.settings, self.clock()
            )
        except CallingWindowError as error:
            raise DialRefusedError("invalid_request", str(error)) from error

    def _agent(self, request: DialRequest) -> agents.Agent:
        try:
            agent = agents.load(request.agent or self.settings.default_agent)
            agent.check(request.variables)
        except agents.AgentError as error:
            raise DialRefusedError("invalid_request", str(error)) from error
        return agent

    def _ring(self, call: Call) -> Call:
        base, query = self.settings.public_api_url, f"?call_id={call.call_id}"
        try:
            call_sid = self.telephony.create_call(
                to=call.to_number,
                from_=call.from_number,
                url=f"{base}/twiml{query}&leg=1",
                status_callback=f"{base}/status{query}",
                ring_seconds=RING_SECONDS,
                max_call_seconds=call.max_call_seconds,
            )
        except TelephonyError as error:
            failure = error
            self.records.update(call.call_id, lambda c: self._not_placed(c, failure))
            raise CallNotPlacedError(call.call_id, error) from error
        return self.records.update(call.call_id, lambda c: c.bind(call_sid))

    def _not_placed(self, call: Call, error: TelephonyError) -> Call:
        detail = None if error.code is None else str(error.code)
        if error.ambiguous:
            # Twilio may have taken it: never asked again. Its callback binds the call by call_id.
            return call.note("create_unanswered", self.clock(), detail)
        return call.note(_REFUSED, self.clock(), detail).end(EndReason.FAILED, self.clock())


def _sha256(request: DialRequest) -> str:
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()


def _idempotency(request: DialRequest, api_key: str, key: str | None) -> Idempotency | None:
    return None if key is None else Idempotency(api_key, key, _sha256(request))
