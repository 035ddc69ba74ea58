"""Making, changing and filling campaigns. Whom they phone is ``calls.campaign_dialing``'s."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel
from ulid import ULID

from calls import agents, contact_rows
from calls.agent import Agent
from calls.call import now
from calls.campaign import Campaign, CampaignChange, CampaignRequest, CampaignState
from calls.campaign_ports import Campaigns, CampaignTakenError, ContactNotFoundError
from calls.contact import Contact, contact_id
from calls.contact_rows import BadRow
from calls.ports import Idempotency
from calls.refused import (
    AgentError,
    CampaignStateError,
    DialRefusedError,
    IdempotencyConflictError,
    RowsRefusedError,
)
from calls.settings import Settings

_ADDING = timedelta(minutes=1)
"""Longer than the API lets a request take."""


class Added(BaseModel):
    """What came of a list of contacts."""

    added: int
    bad_rows: list[BadRow]
    """Left out, by line; the others are kept."""


@dataclass(frozen=True)
class Made:
    """The campaign that a request made, and whether it had been made before."""

    campaign: Campaign
    replayed: bool = False


@dataclass(frozen=True)
class Campaigner:
    """Keeps campaigns."""

    campaigns: Campaigns
    settings: Settings
    clock: Callable[[], datetime] = now

    def create(
        self, asked: CampaignRequest, *, api_key: str, idempotency_key: str | None = None
    ) -> Made:
        """Make a campaign, once for one key. It phones nobody before it is started.

        Raises:
            DialRefusedError: there is no such agent, or no number to call from.
            IdempotencyConflictError: the key was used for another request.
        """
        key = None
        if idempotency_key is not None:
            digest = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
            key = Idempotency(api_key, idempotency_key, digest)
        at = self.clock()
        campaign = Campaign(
            **asked.model_dump(), campaign_id=str(ULID.from_datetime(at)),
            created_at=at, updated_at=at, api_key=api_key,
        )  # fmt: skip
        campaign = self._placed(campaign)
        try:
            self.campaigns.create(campaign, key)
        except CampaignTakenError as taken:
            if key is None or taken.request_sha256 != key.request_sha256:
                raise IdempotencyConflictError from taken
            return Made(self.campaigns.get(taken.campaign_id), replayed=True)
        return Made(campaign)

    def page(self, *, limit: int, before: str | None = None) -> tuple[list[Campaign], str | None]:
        """Some campaigns, newest first, and the cursor for those before them, if any."""
        found = self.campaigns.newest(limit=limit + 1, before=before)
        shown = found[:limit]
        return shown, shown[-1].campaign_id if len(found) > limit else None

    def change(self, campaign_id: str, change: CampaignChange) -> Campaign:
        """Start, pause or cancel it, or have it call otherwise. May be repeated.

        Raises:
            CampaignNotFoundError, CampaignOverError, CampaignStateError; DialRefusedError, as
                ``create``: it stays as it was.
        """

        def changed(campaign: Campaign) -> Campaign:
            after = campaign.changed(change, self.clock())
            begins = (
                after.state is CampaignState.RUNNING and campaign.state is not CampaignState.RUNNING
            )
            if change.terms or begins:
                # To be paused or cancelled, it need not be right.
                after = self._placed(after)
            if begins and not self.campaigns.tally(campaign_id).total:
                raise CampaignStateError("it has no contacts: add some, then start it")
            return after

        if change.state == "running":
            # What made it pause is not to make it pause again at once.
            standing = self.campaigns.get(campaign_id)
            if standing.state is CampaignState.PAUSED:
                self.campaigns.forget(campaign_id)
        return self.campaigns.update(campaign_id, changed)

    def add(self, campaign_id: str, rows: Iterable[tuple[int, object]]) -> Added:
        """Keep the contacts of a list. Those that are there already are told as bad rows, so that
        a list that is sent again adds nobody twice.

        Raises:
            CampaignNotFoundError, CampaignOverError; RowsRefusedError: nobody was added.
        """
        listed = list(rows)
        if len(listed) > contact_rows.MOST:
            raise RowsRefusedError(
                f"{len(listed)} rows: send at most {contact_rows.MOST} at once, and the others next"
            )
        at = self.clock()
        # It is not completed before: this request may be cut off, or not the only one.
        campaign = self.campaigns.update(campaign_id, lambda c: c.adding(at + _ADDING))
        read = contact_rows.read(listed, campaign, self._agent(campaign), at)
        there = self.campaigns.add([contact for _, contact in read.good])
        twice = [
            BadRow(line=line, reason=contact_rows.TWICE)
            for line, contact in read.good
            if contact.contact_id in there
        ]
        bad = sorted([*read.bad, *twice], key=lambda row: row.line)
        return Added(added=len(read.good) - len(there), bad_rows=bad)

    def skip_number(self, number: str) -> list[str]:
        """Have nobody phone this number any more; the campaigns that were still to.

        For a number that is never to be phoned again. May be repeated.
        """
        skipped = []
        for campaign_id in self.campaigns.open():
            where = contact_id(campaign_id, number)

            def skip(contact: Contact) -> Contact:
                return contact.skip("do_not_call", self.clock())

            try:
                before = self.campaigns.contact(campaign_id, where)
                after = self.campaigns.update_contact(campaign_id, where, skip)
            except ContactNotFoundError:
                continue
            if after != before:
                skipped.append(campaign_id)
        return skipped

    def _placed(self, campaign: Campaign) -> Campaign:
        """The campaign with its agent and its number told."""
        agent = self._agent(campaign)
        from_number = campaign.from_number or self.settings.default_from_number
        if not from_number:
            raise DialRefusedError(
                "invalid_request", "give from_number, or set DIALOUT_DEFAULT_FROM_NUMBER"
            )
        return campaign.model_copy(update={"agent": agent.name, "from_number": from_number})

    def _agent(self, campaign: Campaign) -> Agent:
        try:
            return agents.load(campaign.agent or self.settings.default_agent)
        except AgentError as error:
            raise DialRefusedError("invalid_request", str(error)) from error
