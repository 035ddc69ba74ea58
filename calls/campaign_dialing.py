"""Campaigns at work: contacts become calls as seats come free, and calls become dispositions.

Nothing here waits or goes on by itself. ``pump`` makes as many calls ready as there is room for;
it runs when a campaign begins, when its calls end, and every minute. ``report`` takes what became
of a call. Every step may be repeated, be done by two at once, or be cut off: what stands is the
contact's record, and the minute's pump takes up what was left.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from calls import attempts, dial_rules
from calls.call import Call, EndReason, now
from calls.calling_window import CallingWindow, CallingWindowError, zones
from calls.campaign import Campaign, CampaignState, Finished
from calls.campaign_ports import CampaignNotFoundError, Campaigns, ContactNotFoundError
from calls.contact import Contact, NotDueError, disposition, not_made
from calls.dial_request import DialRequest
from calls.dialing import WithheldError
from calls.disposition import Disposition, likely
from calls.planning import plan
from calls.ports import CallNotFoundError, CallRecords, DialQueue, DoNotCallList, Ledger
from calls.refused import DialRefusedError, RuleRefusedError
from calls.settings import Settings
from calls.waiting import Waiting

PATIENCE = timedelta(minutes=5)
"""A call that is ready and gets no seat for so long is taken back, and its contact comes again."""
_AHEAD_SECONDS = 2
"""So long it takes from a call's end to the next call's being ready: for it there are some more
ready than there are seats."""
_BATCH = 25


@dataclass(frozen=True)
class Reported:
    """What the record of a call changed."""

    campaign_id: str
    finished: Finished | None = None
    """The attempt that ended with it, if one did."""


@dataclass(frozen=True)
class CampaignDialing:
    """Calls the contacts of the campaigns that run."""

    campaigns: Campaigns
    records: CallRecords
    ledger: Ledger
    do_not_call: DoNotCallList
    queue: DialQueue
    settings: Settings
    clock: Callable[[], datetime] = now

    def pump(self, until: datetime) -> int:
        """Make calls ready, as many as there is room for; how many. What is over is closed.

        Args:
            until: later, nothing more is begun.
        """
        running: list[Campaign] = []
        room = self._room()
        for campaign_id in self.campaigns.open():
            try:
                campaign = self.campaigns.get(campaign_id)
            except CampaignNotFoundError:
                continue
            tally = self.campaigns.tally(campaign_id)
            room -= tally.calling
            if campaign.state.over:
                self._close(campaign, tally.left, until)
            elif campaign.state is CampaignState.RUNNING and not tally.left:
                self._complete(campaign)
            elif campaign.state is CampaignState.RUNNING:
                running.append(campaign)
        # Nobody is always first.
        random.shuffle(running)
        ready = 0
        for others, campaign in zip(range(len(running), 0, -1), running, strict=True):
            share = -(-max(0, room - ready) // others)
            ready += self._draw(campaign, share, until)
        return ready

    def look_after(self, until: datetime) -> int:
        """Ask for the calls of which no news came; how many contacts moved on by that."""
        moved = 0
        for campaign_id in self.campaigns.open():
            for contact in self.campaigns.overdue(campaign_id, self.clock(), limit=_BATCH):
                if self.clock() >= until:
                    return moved
                moved += self._looked_after(contact)
        return moved

    def report(self, call_id: str) -> Reported | None:
        """Take what became of a call; None, if that says nothing new.

        Raises:
            CallNotFoundError: there is no such call.
        """
        call = self.records.get(call_id)
        if call.campaign_id is None or call.contact_id is None:
            return None
        return self._report(call, call.campaign_id, call.contact_id)

    def finish(self, campaign_id: str, ended: list[Finished]) -> Campaign | None:
        """Keep that attempts ended; the campaign, if it was paused for how they did."""
        if not ended:
            return None
        recent = self.campaigns.finish(campaign_id, ended)
        campaign = self.campaigns.get(campaign_id)
        if campaign.state is not CampaignState.RUNNING or not campaign.breaker.trips(recent):
            return None
        last = recent[-campaign.breaker.of_last :]
        because = (
            f"{sum(each.failed for each in last)} of the last {len(last)} attempts failed: see "
            "GET /campaigns/{campaign_id}/contacts and their calls, then start it again"
        )

        def pause(standing: Campaign) -> Campaign:
            at = self.clock()
            return (
                standing.pause(at, because) if standing.state is CampaignState.RUNNING else standing
            )

        return self.campaigns.update(campaign_id, pause)

    def check_wanted(self, call: Call) -> None:
        """Nothing, if a call that waits may be dialled now, as far as its campaign goes.

        Raises:
            WithheldError: it does not run, or it is outside of its hours.
        """
        if call.campaign_id is None:
            return
        try:
            campaign = self.campaigns.get(call.campaign_id)
        except CampaignNotFoundError:
            raise WithheldError("gone") from None
        if campaign.state is not CampaignState.RUNNING:
            raise WithheldError(str(campaign.state))
        if hours(campaign, call, self.clock()) is not None:
            raise WithheldError("calling_window")

    def _room(self) -> int:
        """So many attempts may be in flight in all."""
        chosen = self.settings
        open_to = self.ledger.fleet().open_to(
            self.clock(), chosen.max_concurrent_calls, chosen.campaign_reserve
        )
        ahead = -(-_AHEAD_SECONDS * chosen.calls_per_second // 1)
        return open_to + int(min(ahead, open_to))

    def _draw(self, campaign: Campaign, share: int, until: datetime) -> int:
        """Make so many calls of a campaign ready, if there are contacts to be phoned."""
        ready = 0
        while ready < share and self.clock() < until:
            found = self.campaigns.due(
                campaign.campaign_id, self.clock(), limit=min(share - ready, _BATCH)
            )
            for contact in found:
                if self.clock() >= until:
                    return ready
                ready += self._attempt(campaign, contact)
            if not found:
                break
        return ready

    def _attempt(self, campaign: Campaign, contact: Contact) -> bool:
        """Whether the contact is to be phoned, and by us."""
        at = self.clock()
        try:
            call = self._planned(campaign, contact, at)
            self._check(campaign, call, at)
        except RuleRefusedError as refusal:
            refused = refusal
            self._move(contact, lambda c: c.refuse(refused, at))
            return False
        except ValidationError:
            # Both numbers are one: whoever changed the campaign's could not see it.
            self._move(contact, lambda c: c.skip("invalid_request", at))
            return False
        except DialRefusedError as error:
            if error.code == "not_configured":
                raise
            code = error.code
            self._move(contact, lambda c: c.skip(code, at))
            return False
        if not self._move(contact, lambda c: c.call(call, at, contact.claims), call):
            return False
        # Whoever dies here leaves a call that is too late after some time, and so comes again.
        self.queue.put(Waiting(key=call.call_id, not_after=at + PATIENCE), 0)
        return True

    def _move(
        self, contact: Contact, change: Callable[[Contact], Contact], call: Call | None = None
    ) -> bool:
        """Whether it could be changed; not, if somebody else did before."""
        try:
            self.campaigns.update_contact(contact.campaign_id, contact.contact_id, change, call)
        except NotDueError:
            return False
        return True

    def _planned(self, campaign: Campaign, contact: Contact, at: datetime) -> Call:
        call = plan(asked(campaign, contact), self.settings, at, campaign.api_key)
        call = call.model_copy(
            update={
                "campaign_id": campaign.campaign_id,
                "contact_id": contact.contact_id,
                "attempt": contact.attempts + 1,
            }
        )
        return call.note("queued", at, not_after=at + PATIENCE)

    def _check(self, campaign: Campaign, call: Call, at: datetime) -> None:
        """The rules, before a call is made ready; they hold again when it is dialled."""
        most = self.settings.max_calls_per_number_per_day
        cap = attempts.cap(call.to_number, call.time_zone, most, at)
        known = dial_rules.Known(
            listed=self.do_not_call.get(call.to_number) is not None,
            attempts=self.ledger.attempts(call.to_number, cap.day) if most else 0,
        )
        dial_rules.check(call, known, self.settings, at)
        refusal = hours(campaign, call, at)
        if refusal is not None:
            raise refusal

    def _report(self, call: Call, campaign_id: str, contact_id: str) -> Reported | None:
        try:
            campaign = self.campaigns.get(campaign_id)
            at = self.clock()
            seen: list[Contact] = []

            def report(contact: Contact) -> Contact:
                told = contact.report(
                    call, campaign.retry, campaign.max_attempts, at, on=not campaign.state.over
                )
                seen[:] = [contact, told]
                return told

            self.campaigns.update_contact(campaign_id, contact_id, report)
        except (CampaignNotFoundError, ContactNotFoundError):
            # Gone with its ninety days.
            return None
        before, after = seen
        if before == after:
            return None
        finished = None
        if not not_made(call) and not after.in_flight:
            failed = disposition(call) == Disposition.FAILED or call.end_reason is EndReason.LOST
            finished = Finished(call.ended_at or at, failed)
        return Reported(campaign_id, finished)

    def _looked_after(self, contact: Contact) -> bool:
        at = self.clock()
        try:
            call = self.records.get(contact.last_call_id or "")
        except CallNotFoundError:
            lost = Disposition.UNKNOWN
            self._changed(contact, lambda c: c.give_up_waiting(None, at, lost))
            return True
        if not call.ended:
            # The sweeper sees to it.
            self._changed(contact, lambda c: c.look_again(at))
            return False
        if self._report(call, contact.campaign_id, contact.contact_id):
            return True
        found = likely(call, self.records.turns(call.call_id))
        self._changed(contact, lambda c: c.give_up_waiting(call, at, found))
        return True

    def _changed(self, contact: Contact, change: Callable[[Contact], Contact]) -> None:
        self.campaigns.update_contact(contact.campaign_id, contact.contact_id, change)

    def _complete(self, campaign: Campaign) -> None:
        """Nobody is left to be phoned."""
        done = self.campaigns.update(campaign.campaign_id, lambda c: c.complete(self.clock()))
        if done.state.over:
            self.campaigns.close(campaign.campaign_id)

    def _close(self, campaign: Campaign, left: int, until: datetime) -> None:
        """Give everybody whom a cancelled campaign does not phone any more a disposition."""
        if campaign.adding_until and self.clock() < campaign.adding_until:
            return
        if not left:
            self.campaigns.close(campaign.campaign_id)
            return
        after: str | None = None
        while self.clock() < until:
            found = self.campaigns.contacts(campaign.campaign_id, limit=_BATCH, after=after)
            for contact in found:
                if contact.disposition is None and not contact.in_flight:
                    self._changed(contact, lambda c: c.cancel(self.clock()))
            if len(found) < _BATCH:
                return
            after = found[-1].contact_id


def asked(campaign: Campaign, contact: Contact) -> DialRequest:
    """The request that a contact's attempt is."""
    return DialRequest(
        to_number=contact.to_number,
        from_number=campaign.from_number,
        agent=campaign.agent,
        variables=contact.variables,
        time_zone=contact.time_zone or campaign.time_zone,
        max_call_seconds=campaign.max_call_seconds,
        metadata={**campaign.metadata, **contact.metadata},
        webhook_url=campaign.webhook_url,
        consent=contact.consent or campaign.consent,
    )


def hours(campaign: Campaign, call: Call, at: datetime) -> RuleRefusedError | None:
    """What the campaign's own hours say of a call that is dialled then."""
    if campaign.calling_window is None:
        return None
    window = CallingWindow.parse(campaign.calling_window)
    try:
        opens = window.next_open(at, zones(call.to_number, call.time_zone))
    except CallingWindowError as error:
        return RuleRefusedError("quiet_hours", str(error))
    if opens == at:
        return None
    return RuleRefusedError("quiet_hours", f"it is outside of {campaign.calling_window}", opens)
