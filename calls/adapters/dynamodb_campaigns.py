"""The campaigns in DynamoDB, in the table of the call records.

    one campaign          get    pk=CAMPAIGN#<id>                 sk=META                consistent
    all, newest first     query  pk=CAMPAIGNS                     sk=CAMPAIGN#<id>
    those still open      query  pk=CAMPAIGNS                     sk=OPEN#<id>
    attempts that ended   get    pk=CAMPAIGN#<id>                 sk=RECENT
    how many of what      query  pk=CAMPAIGN#<id>#TALLY           sk=<shard>             consistent
    one contact           get    pk=CAMPAIGN#<id>#<shard>         sk=CONTACT#<id>        consistent
    whom to phone now     query  pk=CAMPAIGN#<id>#<shard>         sk=NEW#<position>#<id>,
                                                                  AGAIN#<time>#<id>
    of whom no news came  query  pk=CAMPAIGN#<id>#<shard>         sk=LOOK#<time>#<id>
    idempotency           get    pk=CAMPAIGN-KEY#<api key>#<key>  sk=META

A contact that is not done has one of NEW, AGAIN and LOOK, written with it and with its shard's part
of the tally in one transaction. The shard is the first bit or three of the contact's id, which is a
hash: so a list is spread over eight partitions, each good for 1,000 writes a second; each shard is
a fair sample; and all contacts in the order of their ids are the shards one after the other.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from calls.adapters import aws
from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import ContentionError
from calls.call import Call
from calls.campaign import Campaign, Finished, Tally
from calls.campaign_ports import CampaignNotFoundError, CampaignTakenError, ContactNotFoundError
from calls.contact import Contact, ContactState
from calls.ports import Idempotency

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SHARDS = 8
RECENT = 100
"""Attempts that are remembered: as many as a breaker looks at."""
_ATTEMPTS = 10
_IN_ONE_STEP = 49
"""Contacts of a transaction of a hundred items: two each, and the tally."""
AT_ONCE = 4
"""Shards that are written side by side."""
_ONE: Any = {"N": "1"}


class DynamoCampaigns:
    """``calls.campaign_ports.Campaigns`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment."""
        self._table = table
        self._client: DynamoDBClient = client or aws.client("dynamodb")

    def create(self, campaign: Campaign, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        steps = [self._put(item) for item in _items(campaign, version=1)]
        steps[0]["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        steps.append(self._put(_open_item(campaign)))
        if idempotency:
            key = self._put(_key_item(campaign, idempotency))
            # An expired item may still lie there: DynamoDB deletes late.
            key["Put"]["ConditionExpression"] = "attribute_not_exists(pk) OR expires_at <= :now"
            key["Put"]["ExpressionAttributeValues"] = {":now": items.now()}
            steps.append(key)
        for attempt in range(_ATTEMPTS):
            if idempotency:
                self._check_unused(idempotency)
            if self._written(steps):
                return
            _wait(attempt)
        raise ContentionError(f"campaign {campaign.campaign_id} could not be written")

    def get(self, campaign_id: str) -> Campaign:
        """See the port."""
        return self._read(campaign_id)[0]

    def update(self, campaign_id: str, change: Callable[[Campaign], Campaign]) -> Campaign:
        """See the port.

        Raises:
            ContentionError: others were faster each time.
        """
        for attempt in range(_ATTEMPTS):
            campaign, version = self._read(campaign_id)
            changed = change(campaign)
            if changed == campaign:
                return campaign
            steps = [self._put(item) for item in _items(changed, version + 1)]
            if self._written([_if_version(steps[0], version), *steps[1:]]):
                return changed
            _wait(attempt)
        raise ContentionError(f"campaign {campaign_id} is being changed by too many at once")

    def newest(self, *, limit: int, before: str | None = None) -> list[Campaign]:
        """See the port."""
        # Between takes both ends: `before` is left out below.
        found = self._query(
            "CAMPAIGNS", "CAMPAIGN#", f"CAMPAIGN#{before or 'Z'}", limit=limit + 1, forward=False
        )
        campaigns = [Campaign.model_validate_json(item["document"]["S"]) for item in found]
        return [each for each in campaigns if each.campaign_id != before][:limit]

    def open(self) -> list[str]:
        """See the port."""
        found = self._query("CAMPAIGNS", "OPEN#", "OPEN$")
        return [item["sk"]["S"].removeprefix("OPEN#") for item in found]

    def close(self, campaign_id: str) -> None:
        """See the port."""
        self._client.delete_item(TableName=self._table, Key=_open_key(campaign_id))

    def add(self, contacts: Sequence[Contact]) -> set[str]:
        """See the port. Each shard by itself, so that no two transactions meet at a tally."""
        if not contacts:
            return set()
        shards: dict[str, list[Contact]] = {}
        for contact in contacts:
            shards.setdefault(_shard(contact.contact_id), []).append(contact)
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
        for attempt in range(_ATTEMPTS):
            new = [each for each in contacts if each.contact_id not in there]
            if not new or (found := self._added(new)) == set():
                return there
            if found is None:
                _wait(attempt)
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
        for attempt in range(_ATTEMPTS):
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
            _wait(attempt)
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
        first = int(_shard(after)) if after else 0
        for shard in range(first, SHARDS):
            found += self._listed(
                _contacts_pk(campaign_id, str(shard)), after, disposition, limit - len(found)
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
        for shard in random.sample(range(SHARDS), SHARDS):
            pk = _contacts_pk(campaign_id, str(shard))
            for first, last in (("AGAIN#", f"AGAIN#{_stamp(at)}$"), ("NEW#", "NEW$")):
                if len(found) < limit:
                    found += self._pointed(campaign_id, pk, first, last, limit - len(found))
        return found

    def overdue(self, campaign_id: str, at: datetime, *, limit: int) -> list[Contact]:
        """See the port."""
        found: list[Contact] = []
        for shard in range(SHARDS):
            pk = _contacts_pk(campaign_id, str(shard))
            last = f"LOOK#{_stamp(at)}$"
            if len(found) < limit:
                found += self._pointed(campaign_id, pk, "LOOK#", last, limit - len(found))
        return found

    def tally(self, campaign_id: str) -> Tally:
        """See the port."""
        states: Counter[str] = Counter()
        dispositions: Counter[str] = Counter()
        for item in self._query(_tally_pk(campaign_id), "0", "9", consistent=True):
            for name, value in item.items():
                kind, _, word = name.partition("_of_")
                if kind == "state":
                    states[word] += int(value["N"])
                elif kind == "disposition":
                    dispositions[word] += int(value["N"])
        return Tally(
            {word: count for word, count in states.items() if count},
            {word: count for word, count in dispositions.items() if count},
        )

    def finish(self, campaign_id: str, ended: Sequence[Finished]) -> list[Finished]:
        """See the port."""
        from botocore.exceptions import ClientError

        for attempt in range(_ATTEMPTS):
            item = self._get(_recent_key(campaign_id))
            before, version = _finished(item), int(item["version"]["N"]) if item else 0
            after = sorted([*before, *ended], key=lambda each: each.at)[-RECENT:]
            put: Any = {"TableName": self._table, "Item": _recent_item(campaign_id, after, version)}
            put["ConditionExpression"] = "attribute_not_exists(pk) OR version = :read"
            put["ExpressionAttributeValues"] = {":read": {"N": str(version)}}
            try:
                self._client.put_item(**put)
            except ClientError as error:
                if not items.lost_the_race(error):
                    raise
            else:
                return after
            _wait(attempt)
        raise ContentionError(f"attempts of campaign {campaign_id} end faster than they are kept")

    def recent(self, campaign_id: str) -> list[Finished]:
        """See the port."""
        return _finished(self._get(_recent_key(campaign_id)))

    def forget(self, campaign_id: str) -> None:
        """See the port."""
        self._client.delete_item(TableName=self._table, Key=_recent_key(campaign_id))

    def _contact_steps(self, before: Contact, after: Contact, version: int) -> list[Any]:
        put = self._put(_contact_item(after, version + 1))
        steps = [_if_version(put, version)]
        was, will = _due_item(before), _due_item(after)
        if was != will:
            if was:
                key = {"pk": was["pk"], "sk": was["sk"]}
                steps.append({"Delete": {"TableName": self._table, "Key": key}})
            if will:
                steps.append(self._put(will))
        if (before.state, before.disposition) != (after.state, after.disposition):
            steps.append(self._tallied(after, [(before, after)]))
        return steps

    def _tallied(self, contact: Contact, changes: Sequence[tuple[Contact | None, Contact]]) -> Any:
        """The step that counts contacts that changed, all of one shard."""
        by: Counter[str] = Counter()
        for before, after in changes:
            by.update(_counted(after))
            if before is not None:
                by.subtract(_counted(before))
        moved = {name: count for name, count in by.items() if count}
        names = {f"#{number}": name for number, name in enumerate(moved)}
        added = ", ".join(f"#{number} :{number}" for number in range(len(moved)))
        expires = int((contact.added_at + items.RETENTION).timestamp())
        key = {
            "pk": {"S": _tally_pk(contact.campaign_id)}, "sk": {"S": _shard(contact.contact_id)},
        }  # fmt: skip
        return {
            "Update": {
                "TableName": self._table,
                "Key": key,
                "UpdateExpression": f"SET expires_at = :expires ADD {added}",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {
                    ":expires": {"N": str(expires)},
                    **{
                        f":{number}": {"N": str(count)}
                        for number, count in enumerate(moved.values())
                    },
                },
            }
        }

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

    def _query(
        self, pk: str, first: str, last: str, *, limit: int | None = None, forward: bool = True,
        disposition: str | None = None, consistent: bool = False,
    ) -> Iterator[items.Item]:  # fmt: skip
        """The items between two, both included, that have not expired; at most so many."""
        wanted, values = "expires_at > :now", {":now": items.now()}
        if disposition is not None:
            wanted += " AND disposition = :disposition"
            values[":disposition"] = {"S": disposition}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            FilterExpression=wanted,
            ExpressionAttributeValues={
                ":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}, **values,
            },
            ScanIndexForward=forward,
            ConsistentRead=consistent,
            PaginationConfig={} if limit is None else {"MaxItems": limit},
        )  # fmt: skip
        for page in pages:
            yield from page["Items"]

    def _read(self, campaign_id: str) -> tuple[Campaign, int]:
        item = self._get(_campaign_key(campaign_id))
        if item is None:
            raise CampaignNotFoundError(campaign_id)
        return Campaign.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def _read_contact(self, campaign_id: str, contact_id: str) -> tuple[Contact, int]:
        item = self._get(_contact_key(campaign_id, contact_id))
        if item is None:
            raise ContactNotFoundError(contact_id)
        return Contact.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def _check_unused(self, idempotency: Idempotency) -> None:
        item = self._get(_idempotency_key(idempotency))
        if item is not None:
            raise CampaignTakenError(item["campaign_id"]["S"], item["request_sha256"]["S"])

    def _get(self, key: items.Item) -> items.Item | None:
        """An item that has not expired (a consistent read)."""
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get(
            "Item"
        )
        return item if item and int(item["expires_at"]["N"]) > time.time() else None

    def _written(self, steps: list[Any]) -> bool:
        """Whether the transaction was done; not, if somebody else was faster."""
        from botocore.exceptions import ClientError

        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            if items.lost_the_race(error):
                return False
            raise
        return True

    def _put(self, item: items.Item) -> Any:
        return {"Put": {"TableName": self._table, "Item": item}}


def _if_version(put: Any, version: int) -> Any:
    put["Put"]["ConditionExpression"] = "version = :read"
    put["Put"]["ExpressionAttributeValues"] = {":read": {"N": str(version)}}
    return put


def _campaign_key(campaign_id: str, sk: str = "META") -> items.Item:
    return {"pk": {"S": f"CAMPAIGN#{campaign_id}"}, "sk": {"S": sk}}


def _recent_key(campaign_id: str) -> items.Item:
    return _campaign_key(campaign_id, "RECENT")


def _open_key(campaign_id: str) -> items.Item:
    return {"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"OPEN#{campaign_id}"}}


def _tally_pk(campaign_id: str) -> str:
    return f"CAMPAIGN#{campaign_id}#TALLY"


def _contacts_pk(campaign_id: str, shard: str) -> str:
    return f"CAMPAIGN#{campaign_id}#{shard}"


def _contact_key(campaign_id: str, contact_id: str) -> items.Item:
    pk = _contacts_pk(campaign_id, _shard(contact_id))
    return {"pk": {"S": pk}, "sk": {"S": f"CONTACT#{contact_id}"}}


def _shard(contact_id: str) -> str:
    return str(int(contact_id[0], 16) * SHARDS // 16)


def _attempt_key(contact: Contact) -> str:
    return f"campaign:{contact.campaign_id}:{contact.contact_id}:{contact.claims}"


def _items(campaign: Campaign, version: int) -> list[items.Item]:
    """The campaign, and its place among all."""
    content: items.Item = {
        "document": {"S": campaign.model_dump_json()},
        "version": {"N": str(version)},
        "expires_at": _expires(campaign),
    }
    listed = {"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"CAMPAIGN#{campaign.campaign_id}"}}
    return [{**_campaign_key(campaign.campaign_id), **content}, {**listed, **content}]


def _open_item(campaign: Campaign) -> items.Item:
    return {**_open_key(campaign.campaign_id), "expires_at": _expires(campaign)}


def _expires(campaign: Campaign) -> Any:
    return {"N": str(int((campaign.created_at + items.RETENTION).timestamp()))}


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
    pk = _contacts_pk(contact.campaign_id, _shard(contact.contact_id))
    return {
        "pk": {"S": pk}, "sk": {"S": f"{sk}#{contact.contact_id}"},
        "expires_at": {"N": str(expires)},
    }  # fmt: skip


def _counted(contact: Contact) -> list[str]:
    """The tally's counters that it is in."""
    found = [f"state_of_{contact.state}"]
    if contact.disposition is not None:
        found.append(f"disposition_of_{contact.disposition}")
    return found


def _stamp(moment: datetime) -> str:
    """A time that sorts as text."""
    return f"{int(moment.timestamp() * 1_000_000):020}"


def _recent_item(campaign_id: str, ended: Sequence[Finished], version: int) -> items.Item:
    document = [[each.at.timestamp(), each.failed] for each in ended]
    return {
        **_recent_key(campaign_id),
        "document": {"S": json.dumps(document)},
        "version": {"N": str(version + 1)},
        "expires_at": {"N": str(int(time.time() + items.RETENTION.total_seconds()))},
    }


def _finished(item: items.Item | None) -> list[Finished]:
    if item is None:
        return []
    return [
        Finished(datetime.fromtimestamp(at, UTC), failed)
        for at, failed in json.loads(item["document"]["S"])
    ]


def _idempotency_key(idempotency: Idempotency) -> items.Item:
    pk = f"CAMPAIGN-KEY#{idempotency.api_key}#{idempotency.key}"
    return {"pk": {"S": pk}, "sk": {"S": "META"}}


def _key_item(campaign: Campaign, idempotency: Idempotency) -> items.Item:
    expires = int((campaign.created_at + items.IDEMPOTENCY_TIME).timestamp())
    return {
        **_idempotency_key(idempotency),
        "campaign_id": {"S": campaign.campaign_id},
        "request_sha256": {"S": idempotency.request_sha256},
        "expires_at": {"N": str(expires)},
    }


def _wait(attempt: int) -> None:
    longest = 0.02 * 2 ** min(attempt, 5)
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 -- no secret
