"""Somebody phones one of our numbers: a seat for them, and the record of the call."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from calls import agents
from calls.call import TWILIO, Call, EndReason, Status, longest, now
from calls.phone_number import PhoneNumberError, e164
from calls.ports import CallRecords, Idempotency, IdempotencyTakenError, Ledger
from calls.seating import Seating
from calls.seats import NoFreeSeatError
from calls.settings import Settings

ANONYMOUS = "anonymous"
"""The number of somebody who withholds theirs."""


@dataclass(frozen=True)
class Receiver:
    """Takes calls, each in a seat of its own. No dial rule applies: it is them who phone."""

    records: CallRecords
    ledger: Ledger
    settings: Settings
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep

    def receive(self, *, call_sid: str, caller: str, called: str) -> Call:
        """The call, kept, in its seat and in progress; the same again for the same CallSid.

        Raises:
            NoFreeSeatError: nobody is free to talk; the record says so.
            AgentError: the agent of incoming calls is not right.
        """
        known = self.records.made_for(TWILIO, call_sid)
        if known is not None:
            return self._known(known)
        call = self._incoming(call_sid, caller, called)
        key = Idempotency(TWILIO, call_sid, "")
        try:
            return self._seating().admit(lambda capacity: self.ledger.admit(call, capacity, key))
        except IdempotencyTakenError as taken:
            return self._known(taken.call_id)
        except NoFreeSeatError:
            self._turned_away(call, key)
            raise

    def _known(self, call_id: str) -> Call:
        """Twilio asks twice: it is answered as it was."""
        call = self.records.get(call_id)
        if call.end_reason is EndReason.REFUSED:
            raise NoFreeSeatError
        return call

    def _incoming(self, call_sid: str, caller: str, called: str) -> Call:
        at = self.clock()
        agent = agents.load(self.settings.inbound_agent)
        agent.check({})
        seconds = min(
            agent.max_call_seconds or self.settings.max_call_seconds,
            self.settings.max_call_seconds,
        )
        call = Call(
            call_id=str(ULID.from_datetime(at)),
            direction="inbound",
            call_sid=call_sid,
            from_number=_number(caller),
            to_number=called,
            agent=agent.name,
            api_key=TWILIO,
            created_at=at,
            max_call_seconds=seconds,
            stream_until=longest(at, seconds),
        )
        return call.reach(Status.IN_PROGRESS, "received", at, answered_at=at)

    def _turned_away(self, call: Call, key: Idempotency) -> None:
        try:
            self.records.create(call, key)
        except IdempotencyTakenError:
            return
        self.records.update(call.call_id, lambda c: c.end(EndReason.REFUSED, self.clock()))

    def _seating(self) -> Seating:
        return Seating(
            self.ledger, self.settings.calls_per_second, self.settings.max_concurrent_calls,
            self.clock, self.sleep,
        )  # fmt: skip


def _number(caller: str) -> str:
    try:
        return e164(caller)
    except PhoneNumberError:
        return ANONYMOUS
