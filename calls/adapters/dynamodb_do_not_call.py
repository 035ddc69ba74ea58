"""The do-not-call list in DynamoDB, in the table of the call records.

    DNC  <number>  document    listed; never expires

One partition: it is read by number alone, and its share of a call's writes is one condition.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import DynamoCallRecords
from calls.call import Call
from calls.do_not_call import Listing

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_AT_ONCE = 100
"""Keys that BatchGetItem takes."""


class DynamoDoNotCall:
    """``calls.ports.DoNotCallList`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment."""
        import boto3  # here: see DynamoCallRecords

        self._table = table
        self._client: DynamoDBClient = client or boto3.client("dynamodb")
        self._records = DynamoCallRecords(table, self._client)

    def put(self, listing: Listing) -> Listing:
        """See the port."""
        from botocore.exceptions import ClientError

        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(listing),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if not items.lost_the_race(error):
                raise
            return self.get(listing.number) or self.put(listing)
        return listing

    def get(self, number: str) -> Listing | None:
        """See the port."""
        item = self._client.get_item(
            TableName=self._table, Key=items.do_not_call_key(number), ConsistentRead=True
        ).get("Item")
        return _listing(item) if item else None

    def among(self, numbers: Sequence[str]) -> set[str]:
        """See the port."""
        left = [items.do_not_call_key(number) for number in sorted(set(numbers))]
        found: set[str] = set()
        while left:
            asked: Any = {self._table: {"Keys": left[:_AT_ONCE], "ProjectionExpression": "sk"}}
            answer = self._client.batch_get_item(RequestItems=asked)
            found |= {item["sk"]["S"] for item in answer["Responses"].get(self._table, [])}
            unread: Any = answer.get("UnprocessedKeys") or {}
            left = [*unread.get(self._table, {}).get("Keys", []), *left[_AT_ONCE:]]
            if unread:
                time.sleep(0.05)
        return found

    def remove(self, number: str) -> bool:
        """See the port."""
        gone = self._client.delete_item(
            TableName=self._table, Key=items.do_not_call_key(number), ReturnValues="ALL_OLD"
        )
        return "Attributes" in gone

    def page(self, *, limit: int, after: str | None = None) -> list[Listing]:
        """See the port."""
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :dnc AND sk > :after",
            ExpressionAttributeValues={
                ":dnc": {"S": items.DO_NOT_CALL},
                ":after": {"S": after or " "},
            },
            Limit=limit,
            ConsistentRead=True,
        )
        return [_listing(item) for item in found["Items"]]

    def opt_out(self, call_id: str, change: Callable[[Call], Call], listing: Listing) -> Call:
        """See the port."""
        put: Any = {"Put": {"TableName": self._table, "Item": _item(listing)}}
        # Who is listed already is only asked of once more; the first listing is kept.
        steps = [] if self.get(listing.number) else [put]
        return self._records.update(call_id, change, also=steps)


def _item(listing: Listing) -> Any:
    return {
        **items.do_not_call_key(listing.number),
        "document": {"S": listing.model_dump_json()},
    }


def _listing(item: Any) -> Listing:
    return Listing.model_validate_json(item["document"]["S"])
