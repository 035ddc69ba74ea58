"""One person of a campaign, from the row to the disposition. Pure."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from calls.call import Call, EndReason
from calls.campaign import Retry
from calls.consent import Consent
from calls.disposition import FROM_END_REASON, Disposition
from calls.refused import RuleRefusedError
from calls.variable import Value

CONTACT_ID = r"^[0-9a-f]{24}$"
WITHDRAWN = "withdrawn"
"""In a call's timeline: taken from the queue, because its campaign does not call now."""
REFUSED = "refused"
"""In a call's timeline: a dial rule forbade it; its detail is the rule's code."""
_SETTLES = timedelta(hours=2)
"""A call that is over is debriefed within so long, or never."""
_SOON = timedelta(minutes=1)
_PASSING = {"quiet_hours", "too_frequent"}
"""Rules for which waiting helps."""


class ContactState(StrEnum):
    """Where a contact stands."""

    PENDING = "pending"
    """To be phoned as soon as it is its turn."""
    WAITING = "waiting"
    """To be phoned at a time: again, or because a rule forbids it before."""
    CALLING = "calling"
    """An attempt waits for its seat, rings or talks."""
    SETTLING = "settling"
    """They talked; what came of it is being found out."""
    DONE = "done"


class NotDueError(Exception):
    """The contact is not to be phoned now: somebody else was faster, or it is done."""


class Contact(BaseModel):
    """A contact as it is kept. Frozen: every change makes another."""

    model_config = ConfigDict(frozen=True)

    campaign_id: str
    contact_id: str
    """Made of campaign and number: a number is in a campaign once."""
    to_number: str
    variables: dict[str, Value] = {}
    time_zone: str | None = None
    metadata: dict[str, str] = {}
    consent: Consent | None = None
    state: ContactState = ContactState.PENDING
    position: int
    """In the order of adding: microseconds since 1970, a row further one more."""
    claims: int = 0
    """Calls that were made ready, those that never rang included."""
    attempts: int = 0
    """Calls that were made."""
    came_to: dict[str, int] = {}
    """How many of them came to what, where that is known."""
    next_at: datetime | None = None
    """Of one that waits."""
    look_at: datetime | None = None
    """Of one that is called: nobody should hear of the call's end as late as then."""
    disposition: str | None = None
    """Final: a ``calls.disposition.Disposition``, or `skipped:` and the rule's code."""
    last_call_id: str | None = None
    outcome: dict[str, Any] | None = None
    """Of the last call, by the agent's schema."""
    duration_seconds: int | None = None
    """Of the last call's talk."""
    recorded: bool = False
    """Whether the last call has a recording."""
    added_at: datetime
    updated_at: datetime

    @property
    def in_flight(self) -> bool:
        """Whether a call of it may be going on, or being understood."""
        return self.state in (ContactState.CALLING, ContactState.SETTLING)

    def due(self, at: datetime) -> bool:
        """Whether it is to be phoned now."""
        if self.state is ContactState.WAITING:
            return self.next_at is None or self.next_at <= at
        return self.state is ContactState.PENDING

    def call(self, call: Call, at: datetime, claims: int) -> "Contact":
        """This contact with one more attempt, and nobody else's, on its way.

        Args:
            claims: of the contact as it was when the call was planned.

        Raises:
            NotDueError: it is not its turn any more.
        """
        if not self.due(at) or self.claims != claims:
            raise NotDueError(self.contact_id)
        return self._now(
            ContactState.CALLING, at, claims=claims + 1, attempts=self.attempts + 1,
            last_call_id=call.call_id, look_at=call.stream_until + _SETTLES,
        )  # fmt: skip

    def refuse(self, refusal: RuleRefusedError, at: datetime) -> "Contact":
        """This contact after a rule forbade the attempt before it was made.

        Raises:
            NotDueError: it is not its turn any more.
        """
        if not self.due(at):
            raise NotDueError(self.contact_id)
        if refusal.code in _PASSING and refusal.allowed_at is not None:
            return self._wait(refusal.allowed_at, at)
        return self.skip(refusal.code, at)

    def skip(self, rule: str, at: datetime) -> "Contact":
        """This contact never phoned, or never again, by a rule; itself, if a call of it is on."""
        return self if self.in_flight else self._done(f"skipped:{rule}", at)

    def cancel(self, at: datetime) -> "Contact":
        """This contact of a cancelled campaign; itself, if a call of it is still on."""
        return self if self.in_flight else self._done(Disposition.CANCELED, at)

    def report(self, call: Call, retry: Retry, most: int, at: datetime, *, on: bool) -> "Contact":
        """This contact by the record of its call; itself, if that is not its last or says no more.

        Args:
            retry: what is done again.
            most: attempts in all.
            on: whether the campaign may call again.
        """
        if not self.in_flight or call.call_id != self.last_call_id or not call.ended:
            return self
        if not_made(call):
            return self._not_made(call, at, on=on)
        came_to = disposition(call)
        if came_to is None:
            if self.state is ContactState.SETTLING:
                return self
            return self._told(call)._now(
                ContactState.SETTLING, at, look_at=(call.ended_at or at) + _SETTLES
            )
        return self._came_to(call, came_to, retry, most, at, on=on)

    def give_up_waiting(self, call: Call | None, at: datetime, likely: str) -> "Contact":
        """This contact of a call whose end, or meaning, nobody will tell any more.

        Args:
            call: its record; None, if that is gone.
            likely: what it came to, as far as can be told.
        """
        if not self.in_flight or (call is not None and call.call_id != self.last_call_id):
            return self
        return (self if call is None else self._told(call))._done(likely, at)

    def look_again(self, at: datetime) -> "Contact":
        """This contact of a call that is not over, to be looked after once more."""
        return self.model_copy(update={"look_at": at + _SETTLES})

    def _not_made(self, call: Call, at: datetime, *, on: bool) -> "Contact":
        """Nobody was phoned: it does not count, and comes again unless a rule forbids it."""
        back = self.model_copy(update={"attempts": self.attempts - 1})
        rule = _rule(call)
        if rule is not None and rule not in _PASSING:
            return back._done(f"skipped:{rule}", at)
        if not on:
            return back._done(Disposition.CANCELED, at)
        if rule is not None:
            # Whoever draws it next finds out until when.
            return back._wait(at + _SOON, at)
        return back._now(ContactState.PENDING, at)

    def _came_to(
        self, call: Call, came_to: str, retry: Retry, most: int, at: datetime, *, on: bool
    ) -> "Contact":
        times = self.came_to.get(came_to, 0) + 1
        told = self._told(call).model_copy(update={"came_to": {**self.came_to, came_to: times}})
        again = retry.after(came_to)
        if on and again is not None and times < again.attempts and self.attempts < most:
            return told._wait((call.ended_at or at) + timedelta(seconds=again.gap_seconds), at)
        return told._done(came_to, at)

    def _told(self, call: Call) -> "Contact":
        return self.model_copy(
            update={
                "outcome": call.outcome,
                "duration_seconds": call.duration_seconds,
                "recorded": call.recording is not None,
            }
        )

    def _wait(self, until: datetime, at: datetime) -> "Contact":
        return self._now(ContactState.WAITING, at, next_at=until)

    def _done(self, disposition: str, at: datetime) -> "Contact":
        if self.state is ContactState.DONE:
            return self
        return self._now(ContactState.DONE, at, disposition=str(disposition))

    def _now(self, state: ContactState, at: datetime, **changes: Any) -> "Contact":
        plain = {"next_at": None, "look_at": None}
        return self.model_copy(update={**plain, **changes, "state": state, "updated_at": at})


def contact_id(campaign_id: str, number: str) -> str:
    """Where a number is in a campaign. It tells the number to nobody who does not know both."""
    return hashlib.sha256(f"{campaign_id}:{number}".encode()).hexdigest()[:24]


def disposition(call: Call) -> str | None:
    """What a call that ended came to; None, while that is being found out."""
    if call.disposition is not None:
        return call.disposition
    found = FROM_END_REASON.get(call.end_reason) if call.end_reason else None
    return None if found is None else str(found)


def not_made(call: Call) -> bool:
    """Whether nobody was phoned, for a reason that says nothing about the callee."""
    withdrawn = any(entry.event == WITHDRAWN for entry in call.timeline)
    return withdrawn or call.end_reason in (EndReason.TOO_LATE, EndReason.REFUSED)


def _rule(call: Call) -> str | None:
    """The rule that forbade it, if one did."""
    refused = (entry.detail for entry in call.timeline if entry.event == REFUSED)
    return next(refused, None) if call.end_reason is EndReason.REFUSED else None
