"""How many contacts of a campaign are in which state, in DynamoDB, in the call records' table.

    how many of what  query  pk=CAMPAIGN#<id>#TALLY  sk=<shard>  consistent

A shard's part of the tally is written with its contacts, in one transaction.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb_shards import shard
from calls.adapters.dynamodb_table import DynamoTable
from calls.campaign import Tally
from calls.contact import Contact


class DynamoTallies(DynamoTable):
    """The tallies' part of ``calls.campaign_ports.Campaigns``."""

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
            "pk": {"S": _tally_pk(contact.campaign_id)}, "sk": {"S": shard(contact.contact_id)},
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


def _tally_pk(campaign_id: str) -> str:
    return f"CAMPAIGN#{campaign_id}#TALLY"


def _counted(contact: Contact) -> list[str]:
    """The tally's counters that it is in."""
    found = [f"state_of_{contact.state}"]
    if contact.disposition is not None:
        found.append(f"disposition_of_{contact.disposition}")
    return found
