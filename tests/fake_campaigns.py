"""The fake of ``calls.campaign_ports``: tests/contract/test_campaigns.py runs on it too."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import RLock

from calls.call import Call
from calls.campaign import Campaign, Finished, Tally
from calls.campaign_ports import CampaignNotFoundError, CampaignTakenError, ContactNotFoundError
from calls.contact import Contact, ContactState
from calls.ports import Idempotency
from tests.fakes import FakeCallRecords


class FakeCampaigns:
    """Campaigns in memory, beside the records in memory."""

    def __init__(self, records: FakeCallRecords) -> None:
        self._records = records
        self._campaigns: dict[str, Campaign] = {}
        self._keys: dict[tuple[str, str], tuple[str, str]] = {}
        self._contacts: dict[str, dict[str, Contact]] = {}
        self._open: set[str] = set()
        self._recent: dict[str, list[Finished]] = {}
        self._lock = RLock()

    def create(self, campaign: Campaign, idempotency: Idempotency | None = None) -> None:
        with self._lock:
            if idempotency:
                key = (idempotency.api_key, idempotency.key)
                if key in self._keys:
                    raise CampaignTakenError(*self._keys[key])
                self._keys[key] = (campaign.campaign_id, idempotency.request_sha256)
            self._campaigns[campaign.campaign_id] = campaign
            self._contacts[campaign.campaign_id] = {}
            self._open.add(campaign.campaign_id)

    def get(self, campaign_id: str) -> Campaign:
        try:
            return self._campaigns[campaign_id]
        except KeyError:
            raise CampaignNotFoundError(campaign_id) from None

    def update(self, campaign_id: str, change: Callable[[Campaign], Campaign]) -> Campaign:
        with self._lock:
            self._campaigns[campaign_id] = change(self.get(campaign_id))
            return self._campaigns[campaign_id]

    def newest(self, *, limit: int, before: str | None = None) -> list[Campaign]:
        wanted = [c for c in self._campaigns.values() if before is None or c.campaign_id < before]
        return sorted(wanted, key=lambda each: each.campaign_id, reverse=True)[:limit]

    def open(self) -> list[str]:
        return sorted(self._open)

    def close(self, campaign_id: str) -> None:
        self._open.discard(campaign_id)

    def add(self, contacts: Sequence[Contact]) -> set[str]:
        with self._lock:
            there = set()
            for contact in contacts:
                kept = self._contacts[contact.campaign_id]
                if contact.contact_id in kept:
                    there.add(contact.contact_id)
                kept.setdefault(contact.contact_id, contact)
            return there

    def contact(self, campaign_id: str, contact_id: str) -> Contact:
        try:
            return self._contacts[campaign_id][contact_id]
        except KeyError:
            raise ContactNotFoundError(contact_id) from None

    def update_contact(
        self,
        campaign_id: str,
        contact_id: str,
        change: Callable[[Contact], Contact],
        call: Call | None = None,
    ) -> Contact:
        with self._lock:
            changed = change(self.contact(campaign_id, contact_id))
            if call is not None:
                attempt = f"campaign:{campaign_id}:{contact_id}:{changed.claims}"
                self._records.create(call, Idempotency("", attempt, ""))
            self._contacts[campaign_id][contact_id] = changed
            return changed

    def contacts(
        self,
        campaign_id: str,
        *,
        limit: int,
        after: str | None = None,
        disposition: str | None = None,
    ) -> list[Contact]:
        wanted = [
            each
            for where, each in sorted(self._contacts[campaign_id].items())
            if (after is None or where > after)
            and (disposition is None or each.disposition == disposition)
        ]
        return wanted[:limit]

    def due(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        due = [each for each in self._contacts[campaign_id].values() if each.due(at)]
        again = [each for each in due if each.state is ContactState.WAITING]
        new = [each for each in due if each.state is ContactState.PENDING]
        return [*again, *sorted(new, key=lambda each: each.position)][:limit]

    def overdue(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        return [
            each
            for each in self._contacts[campaign_id].values()
            if each.in_flight and each.look_at and each.look_at <= at
        ][:limit]

    def tally(self, campaign_id: str) -> Tally:
        contacts = self._contacts[campaign_id].values()
        return Tally(
            dict(Counter(str(each.state) for each in contacts)),
            dict(Counter(each.disposition for each in contacts if each.disposition)),
        )

    def finish(self, campaign_id: str, ended: Sequence[Finished]) -> list[Finished]:
        with self._lock:
            recent = sorted([*self.recent(campaign_id), *ended], key=lambda each: each.at)
            self._recent[campaign_id] = recent[-100:]
            return self._recent[campaign_id]

    def recent(self, campaign_id: str) -> list[Finished]:
        return list(self._recent.get(campaign_id, ()))

    def forget(self, campaign_id: str) -> None:
        self._recent.pop(campaign_id, None)
