"""The last net: calls whose end nobody reported are asked after and settled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls import status_report
from calls.call import Call, EndReason, Status, now
from calls.dialing import too_late
from calls.listing import asked_since
from calls.ports import CallRecords, Telephony, TwilioCall
from calls.waiting import LONGEST_WAIT

PATIENCE = timedelta(seconds=30)
"""So long after the last news of a call nobody is asked: its webhooks may be on their way, for 15 s
as Twilio waits. With the sweeper's minute a lost end is known within two minutes, even if a report
of the recording still came some time after it."""
UNNAMED = timedelta(minutes=2)
"""A call that Twilio has not named after so long was not made."""
_SKEW = timedelta(seconds=2)
"""Twilio's clock is not ours."""
_LIVE = {"queued", "initiated", "ringing", "in-progress"}


@dataclass(frozen=True)
class Settler:
    """Brings open records to the truth. Asking and writing may be repeated at will."""

    records: CallRecords
    telephony: Telephony
    clock: Callable[[], datetime] = now

    def settle(self, call_id: str) -> Call:
        """The call, ended if Twilio says so, or if it cannot be alive any more.

        Raises:
            TelephonyError: Twilio could not be asked; to be tried again.
        """
        call = self.records.get(call_id)
        if call.ended or self.clock() - _last_news(call) < PATIENCE:
            return call
        if call.status is Status.QUEUED:
            return self._waiting(call)
        known = self._unnamed(call) if call.call_sid is None else self._named(call, call.call_sid)
        if known is None:
            return call
        return self.records.update(call_id, known)

    def _waiting(self, call: Call) -> Call:
        """One whose message was lost waits no longer than any other."""
        if call.not_after is not None and self.clock() < call.not_after:
            return call
        return self.records.update(call.call_id, lambda c: too_late(c, self.clock()))

    def _named(self, call: Call, call_sid: str) -> Callable[[Call], Call] | None:
        found = self.telephony.status(call_sid)
        if found is None:
            return lambda c: c.end(EndReason.LOST, self.clock())
        if found.status in _LIVE and self.clock() < call.stream_until:
            return None
        return lambda c: self._as_twilio_says(c, found)

    def _as_twilio_says(self, call: Call, found: TwilioCall) -> Call:
        if found.status in _LIVE:
            # Past the longest that it may last: Twilio's own time limit has ended it.
            return call.end(EndReason.LOST, self.clock())
        return status_report.apply(call, found.status, self.clock(), found.duration_seconds)

    def _unnamed(self, call: Call) -> Callable[[Call], Call] | None:
        """A create that was never answered: what Twilio has to this number, not ours already."""
        since = call.dialed_at - _SKEW
        listed = self.telephony.created_since(call.to_number, call.from_number, since)
        others = self._bound_sids(since) if listed else set()
        for found in listed:
            if found.call_sid not in others:
                return self._found(found)
        if self.clock() - call.dialed_at < UNNAMED:
            return None
        return lambda c: c.end(EndReason.FAILED, self.clock())

    def _found(self, found: TwilioCall) -> Callable[[Call], Call]:
        if found.status in _LIVE:
            return lambda c: c.bind(found.call_sid)
        # Its end is not left to the next minute: it may have been over for two already.
        return lambda c: self._as_twilio_says(c.bind(found.call_sid), found)

    def _bound_sids(self, since: datetime) -> set[str]:
        """The names that the calls dialled since then have."""
        # Those that go on as they are now; of the others the index tells, a moment later.
        calls = [self.records.get(call_id) for call_id in self.records.open_calls()]
        calls += asked_since(self.records, since - LONGEST_WAIT, self.clock())
        return {other.call_sid for other in calls if other.call_sid}


def _last_news(call: Call) -> datetime:
    return call.timeline[-1].at if call.timeline else call.created_at
