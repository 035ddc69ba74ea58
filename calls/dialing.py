"""Placing a call: every check first, its seat and its record next, the ringing last."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls import agents, attempts, dial_rules
from calls.attempts import Cap
from calls.call import RING_SECONDS, Call, EndReason, NotQueuedError, Status, now
from calls.dial_request import DialRequest
from calls.explanation import Explanation
from calls.planning import plan
from calls.ports import (
    CallRecords,
    CapReachedError,
    DialQueue,
    DoNotCallList,
    Idempotency,
    IdempotencyTakenError,
    Ledger,
    NumberListedError,
    Telephony,
    TelephonyError,
)
from calls.refused import (
    AgentError,
    CallNotPlacedError,
    IdempotencyConflictError,
    RuleRefusedError,
)
from calls.seating import Seating
from calls.seats import NotNowError, Place
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


@dataclass(frozen=True)
class Dialed:
    """The call that a request made, and whether it had been made before."""

    call: Call
    replayed: bool = False


class WithheldError(Exception):
    """Whoever asked for this call does not want it now. The message says why, in a word."""


def _wanted(call: Call) -> None:
    """Single and timed calls are."""


@dataclass(frozen=True)
class Dialer:
    """Places calls, each in a seat of its own."""

    records: CallRecords
    ledger: Ledger
    do_not_call: DoNotCallList
    telephony: Telephony
    queue: DialQueue
    """Where calls that ask for it wait for a seat."""
    settings: Settings
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    check_wanted: Callable[[Call], None] = _wanted
    """Asked of a call that waits, right before its seat is taken; raises ``WithheldError``."""

    def dial(self, request: DialRequest, *, api_key: str, idempotency_key: str | None) -> Dialed:
        """Phone somebody, at most once for one key; or, if the request would wait, queue the call.

        Raises:
            DialRefusedError: the request cannot be done; nothing was written or dialled.
            RuleRefusedError: a dial rule forbids it now; nothing was written or dialled.
            IdempotencyConflictError: the key was used for another request.
            NoFreeSeatError, PaceExceededError: not now; nothing was written or dialled.
            CallNotPlacedError: Twilio refused or failed; the record says so.
        """
        call = plan(request, self.settings, self.clock(), api_key)
        key = _idempotency(request, api_key, idempotency_key)
        try:
            unseen = dial_rules.Known()
            if any(dial_rules.refusals(call, unseen, self.settings, self.clock()).values()):
                self._allowed(call, key)
            # Of the list and the day's calls the seat's own step makes sure, without a look before.
            return Dialed(self._dialed(call, key, wait=request.wait))
        except IdempotencyTakenError as taken:
            if taken.request_sha256 != _sha256(request):
                raise IdempotencyConflictError from taken
            return self._replayed(taken.call_id)

    def explain(self, request: DialRequest, *, api_key: str) -> Explanation:
        """What would happen to the request now. Nothing is written or dialled.

        Raises:
            DialRefusedError: the request cannot be done.
        """
        at = self.clock()
        call = plan(request, self.settings, at, api_key)
        refusals = dial_rules.refusals(call, self._known(call), self.settings, at)
        return Explanation.of(call, refusals, self._seating().free(), self.settings)

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
            self.check_wanted(call)
            self._allowed(call)
            call, at = self._seated(call, lambda place, cap: self._take(waiting.key, place, cap))
        except WithheldError as error:
            return self.records.update(waiting.key, _withdrawn_by(error, self.clock()))
        except RuleRefusedError as error:
            # The rules hold when it rings, not when it was asked for.
            return self.records.update(waiting.key, _refused_by(error, self.clock()))
        except NotQueuedError:
            return self.records.get(waiting.key)
        return self._ring(call, at)

    def _take(self, call_id: str, place: Place, cap: Cap) -> Call | None:
        def dial(call: Call) -> Call:
            self.check_wanted(call)
            return call.dial(self.clock())

        return self.ledger.seat_queued(call_id, dial, place, cap)

    def _dialed(self, call: Call, key: Idempotency | None, *, wait: bool) -> Call:
        try:
            seated, at = self._seated(
                call,
                lambda place, cap: self.ledger.seat(call.dial(self.clock()), place, cap, key),
            )
        except NotNowError as refused:
            self._allowed(call, key)
            if wait:
                return self._queued(call, key, refused.retry_after)
            self._check_unused(key)
            raise
        return self._ring(seated, at, new=True)

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

    def _seating(self, call: Call | None = None) -> Seating:
        chosen = self.settings
        of_campaign = call is not None and call.campaign_id is not None
        return Seating(
            self.ledger, chosen.calls_per_second, chosen.max_concurrent_calls,
            self.clock, self.sleep, chosen.campaign_reserve if of_campaign else 0.0,
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

    def _allowed(self, call: Call, key: Idempotency | None = None) -> None:
        try:
            dial_rules.check(call, self._known(call), self.settings, self.clock())
        except RuleRefusedError:
            self._check_unused(key)
            raise

    def _check_unused(self, key: Idempotency | None) -> None:
        if key:
            # A repeated request is answered as the first was: also at night, and without a seat.
            self.records.check_unused(key)

    def _known(self, call: Call) -> dial_rules.Known:
        cap = self._cap(call)
        return dial_rules.Known(
            listed=self.do_not_call.get(call.to_number) is not None,
            attempts=self.ledger.attempts(call.to_number, cap.day) if cap.most else 0,
        )

    def _cap(self, call: Call) -> Cap:
        most = self.settings.max_calls_per_number_per_day
        return attempts.cap(call.to_number, call.time_zone, most, self.clock())

    def _seated(
        self, call: Call, attempt: Callable[[Place, Cap], Call | None]
    ) -> tuple[Call, datetime]:
        """The call in its seat, and when Twilio may be asked.

        Raises:
            NotNowError: see ``Seating.take``.
            RuleRefusedError: the rules were changed, or used up, since they were looked at.
        """
        cap = self._cap(call)
        try:
            return self._seating(call).take(lambda place: attempt(place, cap))
        except NumberListedError as error:
            raise dial_rules.ListedError from error
        except CapReachedError as error:
            raise dial_rules.too_frequent(call, self.settings, self.clock()) from error

    def _ring(self, call: Call, at: datetime, *, new: bool = False) -> Call:
        """Have Twilio phone.

        Args:
            call: in its seat.
            at: when Twilio may be asked.
            new: its record was kept just now, as it stands in ``call``.
        """
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
                answered_by_callback=f"{base}/answered-by{query}" if _detects(call) else None,
            )
        except TelephonyError as error:
            failure = error
            self.records.update(call.call_id, lambda c: self._not_placed(c, failure))
            raise CallNotPlacedError(call.call_id, error) from error
        return self.records.update(
            call.call_id, lambda c: c.bind(call_sid), created=call if new else None
        )

    def _not_placed(self, call: Call, error: TelephonyError) -> Call:
        detail = None if error.code is None else str(error.code)
        if error.ambiguous:
            # Twilio may have taken it: never asked again. Its callback binds the call by call_id.
            return call.note(_UNANSWERED, self.clock(), detail)
        return call.note(_REFUSED, self.clock(), detail).end(EndReason.FAILED, self.clock())


def _detects(call: Call) -> bool:
    """Whether the agent wants Twilio's answering machine detection."""
    try:
        return agents.load(call.agent).answering.amd
    except AgentError:
        # Taken away while the call waited. It is too late to refuse it here.
        return False


def _refused_by(error: RuleRefusedError, at: datetime) -> Callable[[Call], Call]:
    def refused(call: Call) -> Call:
        if call.status is not Status.QUEUED:
            return call
        call = call.note("refused", at, error.code)
        if error.allowed_at:
            call = call.note("allowed_again", at, error.allowed_at.isoformat())
        return call.end(EndReason.REFUSED, at)

    return refused


def _withdrawn_by(error: WithheldError, at: datetime) -> Callable[[Call], Call]:
    return lambda call: (
        call.note("withdrawn", at, str(error)).end(EndReason.CANCELED, at)
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
