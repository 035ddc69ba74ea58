"""What was prepared for calls, in the calls' table.

Access pattern:
    a call's greeting   get    pk=CALL#<id>            sk=GREETING        consistent
"""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from calls.adapters import dynamodb_items as items
from calls.greeting import Greeting

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=1)
"""Longer than any call; what is said of a callee is not kept for longer than it is of use."""


class DynamoGreetings:
    """``calls.ports.Greetings`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment (~0.5 s of CPU)."""
        import boto3  # here: see DynamoCallRecords

        self._table = table
        self._client: DynamoDBClient = client or boto3.client("dynamodb")

    def put(self, call_id: str, greeting: Greeting) -> None:
        """See the port."""
        self._client.put_item(
            TableName=self._table,
            Item={
                **items.call_key(call_id, "GREETING"),
                "document": {"S": greeting.model_dump_json(exclude={"mulaw"})},
                "mulaw": {"B": greeting.mulaw},
                "expires_at": {"N": str(int(time.time() + KEPT.total_seconds()))},
            },
        )

    def get(self, call_id: str) -> Greeting | None:
        """See the port."""
        item: Any = self._client.get_item(
            TableName=self._table, Key=items.call_key(call_id, "GREETING"), ConsistentRead=True
        ).get("Item")
        if item is None or int(item["expires_at"]["N"]) <= time.time():
            return None
        stored = Greeting.model_validate_json(item["document"]["S"])
        return stored.model_copy(update={"mulaw": bytes(item["mulaw"]["B"])})
