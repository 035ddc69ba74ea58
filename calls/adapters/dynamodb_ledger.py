"""The ledger of seats in DynamoDB, in the table of the call records.

    FLEET  TASK#<id>        seats, live, draining, beat_at   a media task's last beat
    FLEET  SEATS            used, moves                      seats taken; how often that changed
    FLEET  PACE             free_from                        the earliest moment of the next call
    FLEET  LEASE#<call id>  held_until                       this call has a seat
    NUMBER#<number>  DAY#<date>  attempts                    how often it was dialled that day

Times are whole microseconds since 1970. All but the leases lie side by side, so one consistent
query reads what a decision needs. A seat, a turn, the lease and the record are taken in one
transaction, on condition that what was read still holds: nobody locks, and whoever loses looks
again. Leases have no expiry of DynamoDB's: an item that vanished by itself would not give its seat
back.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from calls.adapters import aws
from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import DynamoCallRecords
from calls.call import Call
from calls.ports import CapReachedError, Idempotency, NumberListedError
from calls.seats import Beat, Fleet, Place

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from calls.attempts import Cap

TASK_KEPT = timedelta(hours=1)
"""A task that is gone does not count after 15 s; its item goes some time later."""
ATTEMPTS_KEPT = timedelta(days=7)
"""Longer than any day that is counted."""
_ONE: Any = {"N": "1"}


class DynamoLedger:
    """``calls.ports.Ledger`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment."""
        self._table = table
        self._client: DynamoDBClient = client or aws.client("dynamodb")
        self._records = DynamoCallRecords(table, self._client)

    def beat(self, beat: Beat) -> None:
        """See the port."""
        expires = int((beat.at + TASK_KEPT).timestamp())
        item = {
            **items.fleet_key(f"TASK#{beat.task_id}"),
            "seats": {"N": str(beat.seats)},
            "live": {"N": str(beat.live)},
            "draining": {"BOOL": beat.draining},
            "beat_at": _time(beat.at),
            "expires_at": {"N": str(expires)},
        }
        self._client.put_item(TableName=self._table, Item=item)

    def fleet(self) -> Fleet:
        """See the port."""
        beats: list[Beat] = []
        used, free_from = 0, None
        # LEASE# sorts before PACE, SEATS and TASK#; `$` is what follows `#`.
        for item in self._query("pk = :fleet AND sk BETWEEN :pace AND :tasks",
                                {":pace": {"S": "PACE"}, ":tasks": {"S": "TASK$"}}):  # fmt: skip
            match item["sk"]["S"]:
                case "PACE":
                    free_from = _moment(item["free_from"])
                case "SEATS":
                    used = int(item["used"]["N"])
                case task:
                    beats.append(_beat(task.removeprefix("TASK#"), item))
        return Fleet(tuple(beats), used, free_from)

    def attempts(self, number: str, day: date) -> int:
        """See the port."""
        item = self._client.get_item(
            TableName=self._table, Key=items.attempts_key(number, day), ConsistentRead=True
        ).get("Item")
        return int(item["attempts"]["N"]) if item else 0

    def seat(
        self, call: Call, place: Place, cap: "Cap", idempotency: Idempotency | None = None
    ) -> Call | None:
        """See the port."""
        new = items.new_call(self._table, call, idempotency)
        return self._seated(call, place, cap, new, idempotency)

    def admit(self, call: Call, capacity: int, idempotency: Idempotency) -> Call | None:
        """See the port."""
        from botocore.exceptions import ClientError

        new = items.new_call(self._table, call, idempotency)
        try:
            self._client.transact_write_items(TransactItems=[*self._seat(call, capacity), *new])
        except ClientError as error:
            if items.cancelled_by(error, place=-1):
                self._records.check_unused(idempotency)
            if items.lost_the_race(error):
                return None
            raise
        return call

    def seat_queued(
        self, call_id: str, change: Callable[[Call], Call], place: Place, cap: "Cap"
    ) -> Call | None:
        """See the port."""
        call, version = self._records.read(call_id)
        call = change(call)
        put: Any = {"Put": items.replaced(self._table, call, version)}
        return self._seated(call, place, cap, [put])

    def _seated(
        self, call: Call, place: Place, cap: "Cap", kept: list[Any],
        idempotency: Idempotency | None = None,
    ) -> Call | None:  # fmt: skip
        from botocore.exceptions import ClientError

        # The rules first: `cancelled_by` tells them by their places.
        steps = [*self._ruled(call, cap), *self._taken(call, place), *kept]
        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            if idempotency and items.cancelled_by(error, place=-1):
                self._records.check_unused(idempotency)
            if items.cancelled_by(error, place=0):
                raise NumberListedError from error
            if items.cancelled_by(error, place=1):
                raise CapReachedError from error
            if items.lost_the_race(error):
                return None
            raise
        return call

    def free_expired(self, at: datetime) -> list[str]:
        """See the port."""
        leases = self._query("pk = :fleet AND begins_with(sk, :lease)", {":lease": {"S": "LEASE#"}})
        late = [
            item["sk"]["S"].removeprefix("LEASE#")
            for item in leases
            if _moment(item["held_until"]) <= at
        ]
        return [call_id for call_id in late if self._freed(call_id)]

    def reconcile(self) -> int:
        """See the port."""
        from botocore.exceptions import ClientError

        seats = self._client.get_item(TableName=self._table, Key=items.SEATS, ConsistentRead=True)
        if "Item" not in seats:
            return 0
        used, moves = int(seats["Item"]["used"]["N"]), seats["Item"]["moves"]
        leases = self._query("pk = :fleet AND begins_with(sk, :lease)", {":lease": {"S": "LEASE#"}})
        if used == len(leases):
            return 0
        try:
            self._client.update_item(
                TableName=self._table,
                Key=items.SEATS,
                UpdateExpression="SET #used = :leases ADD moves :one",
                # Taken or given back since it was read, the leases that were counted mean nothing.
                ConditionExpression="moves = :moves",
                ExpressionAttributeNames={"#used": "used"},
                ExpressionAttributeValues={
                    ":leases": {"N": str(len(leases))}, ":one": _ONE, ":moves": moves,
                },
            )  # fmt: skip
        except ClientError as error:
            if items.lost_the_race(error):
                return 0
            raise
        return used - len(leases)

    def _freed(self, call_id: str) -> bool:
        from botocore.exceptions import ClientError

        steps = items.seat_freed(self._table, call_id)
        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            if items.lost_the_race(error):
                return False  # its call has just ended; or the next minute takes it back
            raise
        return True

    def _ruled(self, call: Call, cap: "Cap") -> list[Any]:
        """The steps that hold the call to what others may change this very moment."""
        listed = {
            "TableName": self._table,
            "Key": items.do_not_call_key(call.to_number),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        attempt: Any = {
            "TableName": self._table,
            "Key": items.attempts_key(call.to_number, cap.day),
            "UpdateExpression": "ADD attempts :one SET expires_at = :expires",
            "ExpressionAttributeValues": {
                ":one": _ONE,
                ":expires": {"N": str(int((call.created_at + ATTEMPTS_KEPT).timestamp()))},
            },
        }
        if cap.most:
            attempt["ConditionExpression"] = "attribute_not_exists(pk) OR attempts < :most"
            attempt["ExpressionAttributeValues"][":most"] = {"N": str(cap.most)}
        return [{"ConditionCheck": listed}, {"Update": attempt}]

    def _taken(self, call: Call, place: Place) -> list[Any]:
        """The steps that take a seat and a turn."""
        pace: Any = {
            "TableName": self._table,
            "Key": items.fleet_key("PACE"),
            "UpdateExpression": "SET free_from = :following",
            "ConditionExpression": "attribute_not_exists(free_from)",
            "ExpressionAttributeValues": {":following": _time(place.following)},
        }
        if place.seen is not None:
            pace["ConditionExpression"] = "free_from = :seen"
            pace["ExpressionAttributeValues"][":seen"] = _time(place.seen)
        seat, lease = self._seat(call, place.capacity)
        return [seat, {"Update": pace}, lease]

    def _seat(self, call: Call, capacity: int) -> list[Any]:
        """The steps that take a seat."""
        free = "#used < :capacity"
        if capacity > 0:
            free += " OR attribute_not_exists(#used)"  # the first call ever
        seats = {
            "TableName": self._table,
            "Key": items.SEATS,
            "UpdateExpression": "ADD #used :one, moves :one",
            "ConditionExpression": free,
            "ExpressionAttributeNames": {"#used": "used"},
            "ExpressionAttributeValues": {":one": _ONE, ":capacity": {"N": str(capacity)}},
        }
        lease = {
            "TableName": self._table,
            "Item": {**items.lease_key(call.call_id), "held_until": _time(call.stream_until)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return [{"Update": seats}, {"Put": lease}]

    def _query(self, condition: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={":fleet": {"S": "FLEET"}, **values},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]


def _beat(task_id: str, item: dict[str, Any]) -> Beat:
    return Beat(
        task_id=task_id,
        seats=int(item["seats"]["N"]),
        live=int(item["live"]["N"]),
        draining=item["draining"]["BOOL"],
        at=_moment(item["beat_at"]),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _time(moment: datetime) -> Any:
    return {"N": str((moment - _EPOCH) // _MICROSECOND)}


def _moment(attribute: Any) -> datetime:
    return _EPOCH + int(attribute["N"]) * _MICROSECOND
