"""Placing a call: every check first, its seat and its record next, the ringing last."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ulid import ULID

from calls import agents, dial_rules
from calls.agent import Agent, AgentError
from calls.call import RING_SECONDS, Call, EndReason, NotQueuedError, Status, longest, now
from calls.calling_window import CallingWindowError
from calls.dial_request import DialRequest
from calls.ports import (
    CallRecords,
    DialQueue,
    Idempotency,
    IdempotencyTakenError,
    Ledger,
    Telephony,
    TelephonyError,
)
from calls.seating import Seating
from calls.seats import NotNowError
from calls.settings import Settings
from calls.waiting import LONGEST_WAIT, Waiting

NAMED_WITHIN = timedelta(seconds=6)
"""A request that is repeated while the first still rings waits so long for the first's CallSid:
three seconds for its turn, and three for Twilio."""
_ASK_AGAIN_SECONDS = 0.1

_UNANSWERED = "create_unanswered"
"""In the timeline when Twilio did not say whether it took the call."""
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
    """Places calls, each in a seat of its own."""

    records: CallRecords
    ledger: Ledger
    telephony: Telephony
    queue: DialQueue
    """Where calls that ask for it wait for a seat."""
    settings: Settings
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep

    def dial(self, request: DialRequest, *, api_key: str, idempotency_key: str | None) -> Dialed:
        """Phone somebody, at most once for one key; or, if the request would wait, queue the call.

        Raises:
            DialRefusedError: the request cannot be done; nothing was written or dialled.
            RuleRefusedError: a dial rule forbids it now; nothing was written or dialled.
            IdempotencyConflictError: the key was used for another request.
            NoFreeSeatError, PaceExceededError: not now; nothing was written or dialled.
            CallNotPlacedError: Twilio refused or failed; the record says so.
        """
        call = self._planned(request, api_key)
        key = _idempotency(request, api_key, idempotency_key)
        try:
            self._allowed(call, key)
            return Dialed(self._dialed(call, key, wait=request.wait))
        except IdempotencyTakenError as taken:
            if taken.request_sha256 != _sha256(request):
                raise IdempotencyConflictError from taken
            return self._replayed(taken.call_id)

    def dial_waiting(self, waiting: Waiting) -> Call:
        """Phone somebody who waits in the queue; nobody, if that was done or is too late.

        Raises:
            CallNotFoundError: there is no such call.
            NoFreeSeatError, PaceExceededError: not now.
            CallNotPlacedError: Twilio refused or failed; the record says so.
        """
        if self.clock() >= waiting.not_after:
            return self.records.update(waiting.key, lambda call: too_late(call, self.clock()))
        call = self.records.get(waiting.key)
        if call.status is not Status.QUEUED:
            return call
        try:
            self._allowed(call)
        except dial_rules.RuleRefusedError as error:
            # The rules hold when it rings, not when it was asked for.
            return self.records.update(waiting.key, _refused_by(error, self.clock()))
        try:
            call, at = self._seating().take(
                lambda place: self.ledger.seat_queued(
                    waiting.key, lambda c: c.dial(self.clock()), place
                )
            )
        except NotQueuedError:
            return self.records.get(waiting.key)
        return self._ring(call, at)

    def _dialed(self, call: Call, key: Idempotency | None, *, wait: bool) -> Call:
        try:
            seated, at = self._seating().take(
                lambda place: self.ledger.seat(call.dial(self.clock()), place, key)
            )
        except NotNowError as refused:
            if wait:
                return self._queued(call, key, refused.retry_after)
            if key:
                # A repeated request is answered as the first was, whether a seat is free or not.
                self.records.check_unused(key)
            raise
        return self._ring(seated, at)

    def _queued(self, call: Call, key: Idempotency | None, delay_seconds: int) -> Call:
        at = self.clock()
        not_after = at + LONGEST_WAIT
        call = call.note(Status.QUEUED, at, not_after=not_after)
        self.records.create(call, key)
        try:
            self.queue.put(Waiting(key=call.call_id, not_after=not_after), delay_seconds)
        except Exception:
            # Nobody would ever come for it.
            self.records.update(call.call_id, lambda c: c.end(EndReason.FAILED, self.clock()))
            raise
        return call

    def _seating(self) -> Seating:
        chosen = self.settings
        return Seating(
            self.ledger, chosen.calls_per_second, chosen.max_concurrent_calls,
            self.clock, self.sleep,
        )  # fmt: skip

    def _replayed(self, call_id: str) -> Dialed:
        call = self.records.get(call_id)
        until = self.clock() + NAMED_WITHIN
        while _in_flight(call) and self.clock() < until:
            self.sleep(_ASK_AGAIN_SECONDS)
            call = self.records.get(call_id)
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
        seconds = min(
            request.max_call_seconds or agent.max_call_seconds or self.settings.max_call_seconds,
            self.settings.max_call_seconds,
        )
        at = self.clock()
        return Call(
            call_id=str(ULID.from_datetime(at)),
            to_number=request.to_number,
            from_number=from_number,
            time_zone=request.time_zone,
            agent=agent.name,
            variables=request.variables,
            metadata=request.metadata,
            webhook_url=request.webhook_url,
            api_key=api_key,
            created_at=at,
            max_call_seconds=seconds,
            stream_until=longest(at, seconds),
        )

    def _allowed(self, call: Call, key: Idempotency | None = None) -> None:
        try:
            dial_rules.check(
                call.to_number, call.from_number, call.time_zone, self.settings, self.clock()
            )
        except CallingWindowError as error:
            raise DialRefusedError("invalid_request", str(error)) from error
        except dial_rules.RuleRefusedError:
            if key:
                # A repeated request is answered as the first was, also at night.
                self.records.check_unused(key)
            raise

    def _agent(self, request: DialRequest) -> Agent:
        try:
            agent = agents.load(request.agent or self.settings.default_agent)
            agent.check(request.variables)
        except AgentError as error:
            raise DialRefusedError("invalid_request", str(error)) from error
        return agent

    def _ring(self, call: Call, at: datetime) -> Call:
        self._seating().await_turn(at)
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
            return call.note(_UNANSWERED, self.clock(), detail)
        return call.note(_REFUSED, self.clock(), detail).end(EndReason.FAILED, self.clock())


def _refused_by(error: dial_rules.RuleRefusedError, at: datetime) -> Callable[[Call], Call]:
    return lambda call: (
        call.note("refused", at, error.code).end(EndReason.REFUSED, at)
        if call.status is Status.QUEUED
        else call
    )


def too_late(call: Call, at: datetime) -> Call:
    """A call that still waits, ended; any other as it is."""
    return call.end(EndReason.TOO_LATE, at) if call.status is Status.QUEUED else call


def _in_flight(call: Call) -> bool:
    """Whether Twilio is being asked to place it, and its answer may come any moment."""
    return (
        call.status is Status.DIALING
        and call.call_sid is None
        and all(entry.event != _UNANSWERED for entry in call.timeline)
    )


def _sha256(request: DialRequest) -> str:
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()


def _idempotency(request: DialRequest, api_key: str, key: str | None) -> Idempotency | None:
    return None if key is None else Idempotency(api_key, key, _sha256(request))
