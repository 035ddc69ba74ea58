"""The call records in DynamoDB, one table.

Access patterns:
    one call            get    pk=CALL#<id>            sk=META            consistent
    its turns           query  pk=CALL#<id>            sk begins TURN#    consistent
    a day's calls       query  index by_day            day=<YYYY-MM-DD>, newest call_id first
    idempotency         get    pk=KEY#<api key>#<key>  sk=META
    calls not ended     query  pk=OPEN                 sk=<id>            consistent, oldest first

Every item carries its content as JSON in ``document``, and as attributes only what a condition or
an index looks at. Records are read, changed by a pure function and put back on condition that
nobody else did so meanwhile (``version``).
"""

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from calls.call import Call, Turn, now
from calls.ports import CallNotFoundError, FencedError, Idempotency, IdempotencyTakenError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

RETENTION = timedelta(days=90)
"""Records and turns go this long after the call was asked for."""
IDEMPOTENCY_TIME = timedelta(hours=24)
BY_DAY = "by_day"
_ATTEMPTS = 12


class ContentionError(Exception):
    """A record was changed by others each time that we tried. Trying again later may do."""


class DynamoCallRecords:
    """``calls.ports.CallRecords`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment (~0.5 s of CPU)."""
        import boto3  # here: its import is most of a function's cold start

        self._table = table
        self._client: DynamoDBClient = client or boto3.client("dynamodb")

    def create(self, call: Call, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        puts: list[Any] = [self._put_new(self._record(call, version=1))]
        if idempotency:
            puts.append(self._put_new(_idempotency_item(call, idempotency)))
        puts.append({"Put": {"TableName": self._table, "Item": _open_item(call)}})
        try:
            self._client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            if idempotency and _cancelled_by(error, place=1):
                raise self._taken(idempotency) from error
            raise

    def get(self, call_id: str) -> Call:
        """See the port."""
        return self._read(call_id)[0]

    def update(self, call_id: str, change: Callable[[Call], Call]) -> Call:
        """See the port.

        Raises:
            CallNotFoundError: there is no such call.
            ContentionError: others were faster each time.
        """
        for attempt in range(_ATTEMPTS):
            call, version = self._read(call_id)
            changed = change(call)
            if changed is call or changed == call:
                return call
            if self._replaced(changed, version, over=changed.ended and not call.ended):
                return changed
            time.sleep(0.005 * 2 ** min(attempt, 5))
        raise ContentionError(f"call {call_id} is being changed by too many at once")

    def _replaced(self, call: Call, version: int, *, over: bool) -> bool:
        """Whether the record was put in the place of the one read; not, if others were faster."""
        from botocore.exceptions import ClientError

        put: Any = {
            "TableName": self._table,
            "Item": self._record(call, version + 1),
            "ConditionExpression": "version = :read",
            "ExpressionAttributeValues": {":read": {"N": str(version)}},
        }
        try:
            if over:
                # The record's end and its leaving the open calls are one step.
                gone: Any = {"TableName": self._table, "Key": _open_key(call.call_id)}
                self._client.transact_write_items(TransactItems=[{"Put": put}, {"Delete": gone}])
            else:
                self._client.put_item(**put)
        except ClientError as error:
            if _lost_the_race(error):
                return False
            raise
        return True

    def append_turn(self, call_id: str, leg: int, turn: Turn) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        check: Any = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(call_id),
                "ConditionExpression": "active_leg = :leg",
                "ExpressionAttributeValues": {":leg": {"N": str(leg)}},
            }
        }
        item = {
            **_key(call_id, f"TURN#{turn.number:06}"),
            "document": {"S": turn.model_dump_json()},
            "expires_at": {"N": str(int((now() + RETENTION).timestamp()))},
        }
        put: Any = {"Put": {"TableName": self._table, "Item": item}}
        try:
            self._client.transact_write_items(TransactItems=[check, put])
        except ClientError as error:
            if _cancelled_by(error, place=0):
                raise FencedError(f"leg {leg} is not the active leg of call {call_id}") from error
            raise

    def turns(self, call_id: str) -> list[Turn]:
        """See the port."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :turn)",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={
                ":pk": {"S": f"CALL#{call_id}"},
                ":turn": {"S": "TURN#"},
                ":now": _now(),
            },
            ConsistentRead=True,
        )
        return [
            Turn.model_validate_json(item["document"]["S"])
            for page in pages
            for item in page["Items"]
        ]

    def open_calls(self) -> list[str]:
        """See the port."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :open",
            ExpressionAttributeValues={":open": {"S": "OPEN"}},
            ConsistentRead=True,
        )
        return [item["sk"]["S"] for page in pages for item in page["Items"]]

    def newest(self, day: date, *, limit: int, before: str | None = None) -> list[Call]:
        """See the port."""
        values: dict[str, Any] = {":day": {"S": day.isoformat()}, ":now": _now()}
        condition = "#day = :day"
        if before:
            condition += " AND call_id < :before"
            values[":before"] = {"S": before}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_DAY,
            KeyConditionExpression=condition,
            FilterExpression="expires_at > :now",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": limit},
        )
        return [
            Call.model_validate_json(item["document"]["S"])
            for page in pages
            for item in page["Items"]
        ][:limit]

    def _read(self, call_id: str) -> tuple[Call, int]:
        item = self._client.get_item(
            TableName=self._table, Key=_key(call_id), ConsistentRead=True
        ).get("Item")
        if item is None or int(item["expires_at"]["N"]) <= time.time():
            raise CallNotFoundError(call_id)
        return Call.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def _record(self, call: Call, version: int) -> dict[str, Any]:
        expires = int((call.created_at + RETENTION).timestamp())
        return {
            **_key(call.call_id),
            "call_id": {"S": call.call_id},
            "day": {"S": call.created_at.date().isoformat()},
            "version": {"N": str(version)},
            "active_leg": {"N": str(call.active_leg)},
            "expires_at": {"N": str(expires)},
            "document": {"S": call.model_dump_json()},
        }

    def _put_new(self, item: dict[str, Any]) -> dict[str, Any]:
        # An expired item may still lie there: DynamoDB deletes late.
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
                "ExpressionAttributeValues": {":now": _now()},
            }
        }

    def _taken(self, idempotency: Idempotency) -> IdempotencyTakenError:
        item = self._client.get_item(
            TableName=self._table, Key=_idempotency_key(idempotency), ConsistentRead=True
        )["Item"]
        return IdempotencyTakenError(item["call_id"]["S"], item["request_sha256"]["S"])


def _key(call_id: str, sk: str = "META") -> dict[str, Any]:
    return {"pk": {"S": f"CALL#{call_id}"}, "sk": {"S": sk}}


def _now() -> Any:
    return {"N": str(int(time.time()))}


def _idempotency_key(idempotency: Idempotency) -> dict[str, Any]:
    return {"pk": {"S": f"KEY#{idempotency.api_key}#{idempotency.key}"}, "sk": {"S": "META"}}


def _idempotency_item(call: Call, idempotency: Idempotency) -> dict[str, Any]:
    # No `call_id` of the index's kind: without `day` the item is not in the index.
    expires = int((call.created_at + IDEMPOTENCY_TIME).timestamp())
    return {
        **_idempotency_key(idempotency),
        "call_id": {"S": call.call_id},
        "request_sha256": {"S": idempotency.request_sha256},
        "expires_at": {"N": str(expires)},
    }


def _open_key(call_id: str) -> dict[str, Any]:
    return {"pk": {"S": "OPEN"}, "sk": {"S": call_id}}


def _open_item(call: Call) -> dict[str, Any]:
    expires = int((call.created_at + RETENTION).timestamp())
    return {**_open_key(call.call_id), "expires_at": {"N": str(expires)}}


def _lost_the_race(error: Any) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        return bool(reasons & {"ConditionalCheckFailed", "TransactionConflict"})
    return code in ("ConditionalCheckFailedException", "TransactionConflictException")


def _cancelled_by(error: Any, place: int) -> bool:
    """Whether the condition of the transaction's item at ``place`` is what failed."""
    reasons = error.response.get("CancellationReasons", [])
    return len(reasons) > place and reasons[place].get("Code") == "ConditionalCheckFailed"
