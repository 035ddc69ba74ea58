"""The contacts of campaigns in DynamoDB, in the table of the call records.

    one contact          get    pk=CAMPAIGN#<id>#<shard>  sk=CONTACT#<id>        consistent
    some, by their ids   query  pk=CAMPAIGN#<id>#<shard>  sk=CONTACT#<id>
    whom to phone now    query  pk=CAMPAIGN#<id>#<shard>  sk=NEW#<position>#<id>,
                                                          AGAIN#<time>#<id>
    of whom no news came query  pk=CAMPAIGN#<id>#<shard>  sk=LOOK#<time>#<id>

A contact that is not done has one of NEW, AGAIN and LOOK, written with it and with its shard's part
of the tally in one transaction; so is a new call, with the key that makes it the attempt's one.
"""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import ContentionError
from calls.adapters.dynamodb_shards import SHARDS, shard
from calls.adapters.dynamodb_table import ATTEMPTS, if_version, wait
from calls.adapters.dynamodb_tallies import DynamoTallies
from calls.call import Call
from calls.campaign_ports import ContactNotFoundError
from calls.contact import Contact, ContactState
from calls.ports import Idempotency

_IN_ONE_STEP = 49
"""Contacts of a transaction of a hundred items: two each, and the tally."""
AT_ONCE = 4
"""Shards that are written side by side."""


class DynamoContacts(DynamoTallies):
    """The contacts' part of ``calls.campaign_ports.Campaigns``, and the tally that follows them."""

    def add(self, contacts: Sequence[Contact]) -> set[str]:
        """See the port. Each shard by itself, so that no two transactions meet at a tally."""
        if not contacts:
            return set()
        shards: dict[str, list[Contact]] = {}
        for contact in contacts:
            shards.setdefault(shard(contact.contact_id), []).append(contact)
        if min(len(shards), AT_ONCE) == 1:
            found = [self._add_shard(each) for each in shards.values()]
        else:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                found = list(pool.map(self._add_shard, shards.values()))
        return set().union(*found)

    def _add_shard(self, contacts: list[Contact]) -> set[str]:
        there: set[str] = set()
        for first in range(0, len(contacts), _IN_ONE_STEP):
            there |= self._add_some(contacts[first : first + _IN_ONE_STEP])
        return there

    def _add_some(self, contacts: list[Contact]) -> set[str]:
        there: set[str] = set()
        for attempt in range(ATTEMPTS):
            new = [each for each in contacts if each.contact_id not in there]
            if not new or (found := self._added(new)) == set():
                return there
            if found is None:
                wait(attempt)
            else:
                there |= found
        raise ContentionError("contacts could not be written")

    def _added(self, contacts: list[Contact]) -> set[str] | None:
        """Of none written: those that are there already, and None if it is not for those."""
        from botocore.exceptions import ClientError

        steps = [self._put(_contact_item(each, version=1)) for each in contacts]
        for step in steps:
            step["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        steps += [self._put(due) for each in contacts if (due := _due_item(each))]
        steps.append(self._tallied(contacts[0], [(None, each) for each in contacts]))
        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            if not items.lost_the_race(error):
                raise
            there = {
                each.contact_id
                for place, each in enumerate(contacts)
                if items.cancelled_by(error, place)
            }
            return there or None
        return set()

    def contact(self, campaign_id: str, contact_id: str) -> Contact:
        """See the port."""
        return self._read_contact(campaign_id, contact_id)[0]

    def update_contact(
        self,
        campaign_id: str,
        contact_id: str,
        change: Callable[[Contact], Contact],
        call: Call | None = None,
    ) -> Contact:
        """See the port.

        Raises:
            ContentionError: others were faster each time.
        """
        for attempt in range(ATTEMPTS):
            contact, version = self._read_contact(campaign_id, contact_id)
            changed = change(contact)
            if changed == contact:
                return contact
            steps = self._contact_steps(contact, changed, version)
            if call is not None:
                key = Idempotency("", _attempt_key(changed), "")
                steps += items.new_call(self._table, call, key)
            if self._written(steps):
                return changed
            wait(attempt)
        raise ContentionError(f"contact {contact_id} is being changed by too many at once")

    def contacts(
        self,
        campaign_id: str,
        *,
        limit: int,
        after: str | None = None,
        disposition: str | None = None,
    ) -> list[Contact]:
        """See the port."""
        found: list[Contact] = []
        first = int(shard(after)) if after else 0
        for number in range(first, SHARDS):
            found += self._listed(
                _contacts_pk(campaign_id, str(number)), after, disposition, limit - len(found)
            )
            if len(found) >= limit:
                break
        return found

    def _listed(
        self, pk: str, after: str | None, disposition: str | None, limit: int
    ) -> list[Contact]:
        wanted = [
            contact
            for item in self._query(
                # `!` sorts before every hexadecimal digit, `$` after `#`.
                pk, f"CONTACT#{after}!" if after else "CONTACT#", "CONTACT$",
                limit=limit, disposition=disposition,
            )
            for contact in [Contact.model_validate_json(item["document"]["S"])]
        ]  # fmt: skip
        return wanted[:limit]

    def due(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        """See the port. The shards in no order: what is found is claimed on condition."""
        found: list[Contact] = []
        for number in random.sample(range(SHARDS), SHARDS):
            pk = _contacts_pk(campaign_id, str(number))
            for first, last in (("AGAIN#", f"AGAIN#{_stamp(at)}$"), ("NEW#", "NEW$")):
                if len(found) < limit:
                    found += self._pointed(campaign_id, pk, first, last, limit - len(found))
        return found

    def overdue(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        """See the port."""
        found: list[Contact] = []
        for number in range(SHARDS):
            pk = _contacts_pk(campaign_id, str(number))
            last = f"LOOK#{_stamp(at)}$"
            if len(found) < limit:
                found += self._pointed(campaign_id, pk, "LOOK#", last, limit - len(found))
        return found

    def _contact_steps(self, before: Contact, after: Contact, version: int) -> list[Any]:
        put = self._put(_contact_item(after, version + 1))
        steps = [if_version(put, version)]
        was, will = _due_item(before), _due_item(after)
        if was != will:
            if was:
                steps.append(self._delete({"pk": was["pk"], "sk": was["sk"]}))
            if will:
                steps.append(self._put(will))
        if (before.state, before.disposition) != (after.state, after.disposition):
            steps.append(self._tallied(after, [(before, after)]))
        return steps

    def _pointed(
        self, campaign_id: str, pk: str, first: str, last: str, limit: int
    ) -> list[Contact]:
        """The contacts that these items point to."""
        found = []
        for item in self._query(pk, first, last, limit=limit):
            try:
                found.append(self.contact(campaign_id, item["sk"]["S"].rpartition("#")[2]))
            except ContactNotFoundError:
                continue
        return found

    def _read_contact(self, campaign_id: str, contact_id: str) -> tuple[Contact, int]:
        item = self._get(_contact_key(campaign_id, contact_id))
        if item is None:
            raise ContactNotFoundError(contact_id)
        return Contact.model_validate_json(item["document"]["S"]), int(item["version"]["N"])


def _contacts_pk(campaign_id: str, shard: str) -> str:
    return f"CAMPAIGN#{campaign_id}#{shard}"


def _contact_key(campaign_id: str, contact_id: str) -> items.Item:
    pk = _contacts_pk(campaign_id, shard(contact_id))
    return {"pk": {"S": pk}, "sk": {"S": f"CONTACT#{contact_id}"}}


def _attempt_key(contact: Contact) -> str:
    return f"campaign:{contact.campaign_id}:{contact.contact_id}:{contact.claims}"


def _contact_item(contact: Contact, version: int) -> items.Item:
    expires = int((contact.added_at + items.RETENTION).timestamp())
    item = {
        **_contact_key(contact.campaign_id, contact.contact_id),
        "document": {"S": contact.model_dump_json()},
        "version": {"N": str(version)},
        "expires_at": {"N": str(expires)},
    }
    if contact.disposition is not None:
        item["disposition"] = {"S": contact.disposition}
    return item


def _due_item(contact: Contact) -> items.Item | None:
    """What points to a contact when something is to be done with it; None, if nothing is."""
    match contact.state:
        case ContactState.PENDING:
            sk = f"NEW#{contact.position:020}"
        case ContactState.WAITING:
            sk = f"AGAIN#{_stamp(contact.next_at or contact.updated_at)}"
        case ContactState.CALLING | ContactState.SETTLING:
            sk = f"LOOK#{_stamp(contact.look_at or contact.updated_at)}"
        case _:
            return None
    expires = int((contact.added_at + items.RETENTION).timestamp())
    pk = _contacts_pk(contact.campaign_id, shard(contact.contact_id))
    return {
        "pk": {"S": pk}, "sk": {"S": f"{sk}#{contact.contact_id}"},
        "expires_at": {"N": str(expires)},
    }  # fmt: skip


def _stamp(moment: datetime) -> str:
    """A time that sorts as text."""
    return f"{int(moment.timestamp() * 1_000_000):020}"
