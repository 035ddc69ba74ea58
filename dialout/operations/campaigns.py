"""Campaigns: many calls to a list of people."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from dialout.call_request import Consent
from dialout.campaign import Added, Breaker, Campaign, CampaignPage, ContactPage, Preview, Retry
from dialout.exchange import CsvPage, Sent, new_key
from dialout.operation import Group, S, operation
from dialout.operations.schedules import KEEP, Keep


class Campaigns(Group[S]):
    """``client.campaigns``."""

    @operation("POST", "/campaigns", Campaign)
    def create(
        self,
        name: str,
        *,
        agent: str | None = None,
        from_number: str | None = None,
        calling_window: str | None = None,
        time_zone: str | None = None,
        max_call_seconds: int | None = None,
        retry: Retry | None = None,
        max_attempts: int | None = None,
        breaker: Breaker | None = None,
        consent: Consent | None = None,
        webhook_url: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Sent:
        """Make a campaign, as a draft: add contacts, then start it.

        Args:
            calling_window: ``10:00-18:00`` in the callees' own time; by default the deployment's.
            retry: whom to phone again, by what became of an attempt.
            max_attempts: with all kinds of attempts together.
            breaker: when it pauses by itself.
            idempotency_key: see ``Client.call``.
        """
        fields = {
            "name": name,
            "agent": agent,
            "from_number": from_number,
            "calling_window": calling_window,
            "time_zone": time_zone,
            "max_call_seconds": max_call_seconds,
            "retry": retry,
            "max_attempts": max_attempts,
            "breaker": breaker,
            "consent": consent,
            "webhook_url": webhook_url,
            "metadata": metadata,
        }
        body = {field: _plain(value) for field, value in fields.items() if value is not None}
        return Sent(body=body, idempotent=idempotency_key or new_key())

    @operation("GET", "/campaigns/{campaign_id}", Campaign)
    def get(self, campaign_id: str) -> Sent:
        """The campaign, and how far it is."""
        return Sent(path={"campaign_id": campaign_id})

    @operation("GET", "/campaigns", CampaignPage)
    def list(self, *, limit: int = 20, cursor: str | None = None) -> Sent:
        """Campaigns, newest first; ``limit`` up to 100."""
        return Sent(query={"limit": limit, "cursor": cursor})

    @operation("PATCH", "/campaigns/{campaign_id}", Campaign)
    def change(
        self,
        campaign_id: str,
        *,
        state: str | Keep = KEEP,
        name: str | Keep = KEEP,
        agent: str | Keep = KEEP,
        from_number: str | Keep = KEEP,
        calling_window: str | Keep | None = KEEP,
        time_zone: str | Keep | None = KEEP,
        max_call_seconds: int | Keep | None = KEEP,
        retry: Retry | Keep = KEEP,
        max_attempts: int | Keep = KEEP,
        breaker: Breaker | Keep = KEEP,
        consent: Consent | Keep | None = KEEP,
        webhook_url: str | Keep | None = KEEP,
        metadata: Mapping[str, str] | Keep = KEEP,
    ) -> Sent:
        """Change how it calls, while it does not run. What is not given stays; None takes away."""
        fields = {
            "state": state,
            "name": name,
            "agent": agent,
            "from_number": from_number,
            "calling_window": calling_window,
            "time_zone": time_zone,
            "max_call_seconds": max_call_seconds,
            "retry": retry,
            "max_attempts": max_attempts,
            "breaker": breaker,
            "consent": consent,
            "webhook_url": webhook_url,
            "metadata": metadata,
        }
        body = {field: _plain(value) for field, value in fields.items() if value is not KEEP}
        return Sent(path={"campaign_id": campaign_id}, body=body)

    @operation("PATCH", "/campaigns/{campaign_id}", Campaign)
    def start(self, campaign_id: str) -> Sent:
        """Begin to phone, or go on."""
        return Sent(path={"campaign_id": campaign_id}, body={"state": "running"})

    @operation("PATCH", "/campaigns/{campaign_id}", Campaign)
    def pause(self, campaign_id: str) -> Sent:
        """Phone nobody more, until it is started again. Calls that go on go on to their end."""
        return Sent(path={"campaign_id": campaign_id}, body={"state": "paused"})

    @operation("PATCH", "/campaigns/{campaign_id}", Campaign)
    def cancel(self, campaign_id: str) -> Sent:
        """Phone nobody more, ever. Calls that go on go on to their end."""
        return Sent(path={"campaign_id": campaign_id}, body={"state": "cancelled"})

    @operation("POST", "/campaigns/{campaign_id}/contacts", Added)
    def add(self, campaign_id: str, contacts: Sequence[Mapping[str, Any]]) -> Sent:
        """Add people, up to 10,000 at once: ``{"to_number": "+1…", "variables": {…}}``, each with
        ``time_zone``, ``metadata`` and ``consent`` too, if need be.

        A row that is not right is left out and told. What was lost may be sent again as a whole:
        a number is in a campaign once.
        """
        return Sent(path={"campaign_id": campaign_id}, body={"contacts": [*contacts]})

    @operation("POST", "/campaigns/{campaign_id}/contacts", Added)
    def add_csv(self, campaign_id: str, csv: str) -> Sent:
        """Add people from a CSV with the column ``to_number``; the others are variables."""
        return Sent(path={"campaign_id": campaign_id}, body={"csv": csv})

    @operation("GET", "/campaigns/{campaign_id}/contacts", ContactPage)
    def contacts(
        self,
        campaign_id: str,
        *,
        disposition: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Sent:
        """Its contacts; ``limit`` up to 1000."""
        query = {"disposition": disposition, "limit": limit, "cursor": cursor}
        return Sent(path={"campaign_id": campaign_id}, query=query)

    @operation("GET", "/campaigns/{campaign_id}/preview", Preview)
    def preview(self, campaign_id: str, *, average_call_seconds: int = 90) -> Sent:
        """What would happen if it were started now. Nobody is phoned."""
        query = {"average_call_seconds": average_call_seconds}
        return Sent(path={"campaign_id": campaign_id}, query=query)

    @operation("GET", "/campaigns/{campaign_id}/results", CsvPage)
    def results(self, campaign_id: str, *, limit: int = 1000, cursor: str | None = None) -> Sent:
        """What came of its contacts, a page of a CSV; ``limit`` up to 2000.

        Only the first page has the header: the pages together are one file.
        """
        return Sent(path={"campaign_id": campaign_id}, query={"limit": limit, "cursor": cursor})


def _plain(value: object) -> object:
    return (
        value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else value
    )
