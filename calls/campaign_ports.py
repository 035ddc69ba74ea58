"""What campaigns ask of the outside world. As ``calls.ports``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from calls.call import Call
    from calls.campaign import Campaign, Finished, Tally
    from calls.contact import Contact
    from calls.ports import Idempotency


class CampaignNotFoundError(Exception):
    """There is no such campaign."""


class ContactNotFoundError(Exception):
    """There is no such contact in the campaign."""


class CampaignTakenError(Exception):
    """A campaign was made for this key already."""

    def __init__(self, campaign_id: str, request_sha256: str) -> None:
        super().__init__(f"a campaign was made for this key already: {campaign_id}")
        self.campaign_id = campaign_id
        self.request_sha256 = request_sha256


class Campaigns(Protocol):
    """The campaigns and their contacts, kept."""

    def create(self, campaign: Campaign, idempotency: Idempotency | None = None) -> None:
        """Keep a new campaign, and with it the key that must never make a second one.

        Raises:
            CampaignTakenError: a campaign was made for that key; it names the campaign.
        """

    def get(self, campaign_id: str) -> Campaign:
        """The campaign as it is now (a consistent read).

        Raises:
            CampaignNotFoundError: there is none.
        """

    def update(self, campaign_id: str, change: Callable[[Campaign], Campaign]) -> Campaign:
        """Put ``change(campaign)`` in its place, atomically: ``change`` may run several times.

        Raises:
            CampaignNotFoundError: there is none; and whatever ``change`` raises, which so writes
                nothing.
        """

    def newest(self, *, limit: int, before: str | None = None) -> list[Campaign]:
        """The newest, at most ``limit``, older than ``before``."""

    def open(self) -> list[str]:
        """The ids of those that have contacts, or may get some, without a final disposition."""

    def close(self, campaign_id: str) -> None:
        """Have it no longer among the open: it is over, and each contact has its disposition."""

    def add(self, contacts: Sequence[Contact]) -> set[str]:
        """Keep those that are not there yet; the ids of those that are, which stay as they are.

        Args:
            contacts: of one campaign, each id once.
        """

    def contact(self, campaign_id: str, contact_id: str) -> Contact:
        """The contact as it is now (a consistent read).

        Raises:
            ContactNotFoundError: there is none.
        """

    def update_contact(
        self,
        campaign_id: str,
        contact_id: str,
        change: Callable[[Contact], Contact],
        call: Call | None = None,
    ) -> Contact:
        """As ``update``, for a contact, and the tally with it.

        Args:
            call: a new call that is kept in the same step, with the idempotency key
                ``campaign:<campaign>:<contact>:<claims>``, which so makes one call at most.

        Raises:
            ContactNotFoundError: there is none; and whatever ``change`` raises.
        """

    def contacts(
        self,
        campaign_id: str,
        *,
        limit: int,
        after: str | None = None,
        disposition: str | None = None,
    ) -> list[Contact]:
        """Some contacts in the order of their ids, at most ``limit``, after one."""

    def due(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        """Contacts to be phoned now, at most ``limit``: about in their order, and before them
        those for whom it is another time."""

    def overdue(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        """Contacts that are called, and of whose call nothing was heard for too long."""

    def tally(self, campaign_id: str) -> Tally:
        """How many contacts there are in which state (a consistent read)."""

    def finish(self, campaign_id: str, ended: Sequence[Finished]) -> list[Finished]:
        """Keep that these attempts ended; the last hundred or so, oldest first."""

    def recent(self, campaign_id: str) -> list[Finished]:
        """The attempts that ended lately, a hundred or so, oldest first."""

    def forget(self, campaign_id: str) -> None:
        """Have no attempt among the recent."""
