"""The table of the call records, read and written as the stores of campaigns need it."""

import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from calls.adapters import aws
from calls.adapters import dynamodb_items as items

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ATTEMPTS = 10
"""Of a change that others are faster with."""


class DynamoTable:
    """One table, and its items that have not expired."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment."""
        self._table = table
        self._client: DynamoDBClient = client or aws.client("dynamodb")

    def _get(self, key: items.Item) -> items.Item | None:
        """An item that has not expired (a consistent read)."""
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get(
            "Item"
        )
        return item if item and int(item["expires_at"]["N"]) > time.time() else None

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

    def _delete(self, key: items.Item) -> Any:
        return {"Delete": {"TableName": self._table, "Key": key}}


def if_version(put: Any, version: int) -> Any:
    """The put, on condition that nobody was faster than whoever read this version."""
    put["Put"]["ConditionExpression"] = "version = :read"
    put["Put"]["ExpressionAttributeValues"] = {":read": {"N": str(version)}}
    return put


def wait(attempt: int) -> None:
    """Some time, by chance, and longer after each attempt."""
    longest = 0.02 * 2 ** min(attempt, 5)
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 -- no secret
