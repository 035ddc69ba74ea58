"""The call records in DynamoDB, one table.

Access patterns:
    one call            get    pk=CALL#<id>            sk=META            consistent
    its turns           query  pk=CALL#<id>            sk begins TURN#    consistent
    a day's calls       query  index by_day            day=<YYYY-MM-DD>, newest call_id first
    idempotency         get    pk=KEY#<api key>#<key>  sk=META
    some calls          get    pk=CALL#<id>            sk=META            consistent, 100 at once
    calls not ended     query  pk=OPEN                 sk=<id>            consistent, oldest first
    on the list?        get    pk=DNC                  sk=<number>        dynamodb_do_not_call
    a number's day      get    pk=NUMBER#<number>      sk=DAY#<date>      attempts: dynamodb_ledger
    schedules           pk=SCHEDULE#<id>, SCHEDULES, NUMBER#<number>      dynamodb_schedules
    a call's seat       get    pk=FLEET                sk=LEASE#<id>      consistent; the rest of
                                                                          FLEET: dynamodb_ledger

Records are read, changed by a pure function and put back on condition that nobody else did so
meanwhile (``version``).
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from calls.adapters import aws
from calls.adapters import dynamodb_items as items
from calls.call import Call, Turn, now
from calls.ports import CallNotFoundError, FencedError, Idempotency, IdempotencyTakenError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BY_DAY = "by_day"
_ATTEMPTS = 12
_AT_ONCE = 100
"""So many items a request for some by their keys may ask for."""


class ContentionError(Exception):
    """A record was changed by others each time that we tried. Trying again later may do."""


class DynamoCallRecords:
    """``calls.ports.CallRecords`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment (~0.5 s of CPU)."""
        self._table = table
        self._client: DynamoDBClient = client or aws.client("dynamodb")

    def create(self, call: Call, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        steps = items.new_call(self._table, call, idempotency)
        for attempt in range(_ATTEMPTS):
            try:
                self._client.transact_write_items(TransactItems=steps)
            except ClientError as error:
                if idempotency and items.cancelled_by(error, place=-1):
                    self.check_unused(idempotency)
                if not items.lost_the_race(error):
                    raise
            else:
                return
            _wait(attempt)
        raise ContentionError(f"call {call.call_id} could not be written for all the others")

    def check_unused(self, idempotency: Idempotency) -> None:
        """See the port."""
        item = self._made_for(idempotency.api_key, idempotency.key)
        if item is not None:
            raise IdempotencyTakenError(item["call_id"]["S"], item["request_sha256"]["S"])

    def made_for(self, api_key: str, key: str) -> str | None:
        """See the port."""
        item = self._made_for(api_key, key)
        return item["call_id"]["S"] if item else None

    def _made_for(self, api_key: str, key: str) -> Any:
        item = self._client.get_item(
            TableName=self._table, Key=items.idempotency_key(api_key, key), ConsistentRead=True
        ).get("Item")
        return item if item and int(item["expires_at"]["N"]) > time.time() else None

    def get(self, call_id: str) -> Call:
        """See the port."""
        return self.read(call_id)[0]

    def update(
        self,
        call_id: str,
        change: Callable[[Call], Call],
        created: Call | None = None,
        also: Sequence[Any] = (),
    ) -> Call:
        """See the port.

        Args:
            also: further steps of the same transaction; done even if the call stays as it is.

        Raises:
            CallNotFoundError: there is no such call.
            ContentionError: others were faster each time.
        """
        for attempt in range(_ATTEMPTS):
            if created and attempt == 0:
                call, version = created, items.NEW
            else:
                call, version = self.read(call_id)
            changed = change(call)
            if changed == call and not also:
                return call
            if self._replaced(changed, version, also, over=changed.ended and not call.ended):
                return changed
            _wait(attempt)
        raise ContentionError(f"call {call_id} is being changed by too many at once")

    def _replaced(self, call: Call, version: int, also: Sequence[Any], *, over: bool) -> bool:
        """Whether the record was put in the place of the one read; not, if others were faster."""
        from botocore.exceptions import ClientError

        put = items.replaced(self._table, call, version)
        try:
            if over or also:
                ends = self._ends(call.call_id) if over else []
                self._client.transact_write_items(TransactItems=[{"Put": put}, *ends, *also])
            else:
                self._client.put_item(**put)
        except ClientError as error:
            if items.lost_the_race(error):
                return False
            raise
        return True

    def _ends(self, call_id: str) -> list[Any]:
        """With the record's end, its leaving the open calls and its seat's are one step."""
        left = {"Delete": {"TableName": self._table, "Key": items.open_key(call_id)}}
        return [left, *self._seat(call_id)]

    def _seat(self, call_id: str) -> list[Any]:
        """The steps that give the call's seat back; none, if it has none."""
        lease = self._client.get_item(
            TableName=self._table, Key=items.lease_key(call_id), ConsistentRead=True
        )
        return items.seat_freed(self._table, call_id) if "Item" in lease else []

    def append_turn(self, call_id: str, leg: int, turn: Turn) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        check: Any = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": items.call_key(call_id),
                "ConditionExpression": "active_leg = :leg",
                "ExpressionAttributeValues": {":leg": {"N": str(leg)}},
            }
        }
        item = {
            **items.call_key(call_id, f"TURN#{turn.number:06}"),
            "document": {"S": turn.model_dump_json()},
            "expires_at": {"N": str(int((now() + items.RETENTION).timestamp()))},
        }
        put: Any = {"Put": {"TableName": self._table, "Item": item}}
        for attempt in range(_ATTEMPTS):
            try:
                self._client.transact_write_items(TransactItems=[check, put])
            except ClientError as error:
                if items.cancelled_by(error, place=0):
                    raise FencedError(f"{leg} is not the active leg of call {call_id}") from error
                if not items.lost_the_race(error):
                    raise
            else:
                return
            _wait(attempt)
        raise ContentionError(f"a turn of call {call_id} could not be written for all the others")

    def turns(self, call_id: str) -> list[Turn]:
        """See the port."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :turn)",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={
                ":pk": {"S": f"CALL#{call_id}"},
                ":turn": {"S": "TURN#"},
                ":now": items.now(),
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

    def among(self, call_ids: Sequence[str]) -> list[Call]:
        """See the port."""
        left = [items.call_key(call_id) for call_id in dict.fromkeys(call_ids)]
        found: dict[str, Call] = {}
        while left:
            asked: Any = {self._table: {"Keys": left[:_AT_ONCE], "ConsistentRead": True}}
            answer = self._client.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self._table, []):
                if int(item["expires_at"]["N"]) > time.time():
                    call = Call.model_validate_json(item["document"]["S"])
                    found[call.call_id] = call
            unread: Any = answer.get("UnprocessedKeys") or {}
            left = [*unread.get(self._table, {}).get("Keys", []), *left[_AT_ONCE:]]
            if unread:
                _wait(0)
        return [found[call_id] for call_id in call_ids if call_id in found]

    def newest(self, day: date, *, limit: int, before: str | None = None) -> list[Call]:
        """See the port."""
        values: dict[str, Any] = {":day": {"S": day.isoformat()}, ":now": items.now()}
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

    def read(self, call_id: str) -> tuple[Call, int]:
        """The call and its version.

        Raises:
            CallNotFoundError: there is none.
        """
        item = self._client.get_item(
            TableName=self._table, Key=items.call_key(call_id), ConsistentRead=True
        ).get("Item")
        if item is None or int(item["expires_at"]["N"]) <= time.time():
            raise CallNotFoundError(call_id)
        return Call.model_validate_json(item["document"]["S"]), int(item["version"]["N"])


def _wait(attempt: int) -> None:
    # Calls that end at once all give a seat back: not all at the same time again.
    longest = 0.01 * 2 ** min(attempt, 5)
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 -- no secret
