"""What the table's items look like: keys, attributes, and the steps of a transaction on them.

Every item of a call carries its content as JSON in ``document``, and as attributes only what a
condition or an index looks at.
"""

import time
from datetime import date, timedelta
from typing import Any

from calls.adapters.aws import throttled
from calls.call import Call
from calls.ports import Idempotency

RETENTION = timedelta(days=90)
"""Records and turns go this long after the call was asked for."""
IDEMPOTENCY_TIME = timedelta(hours=24)

Item = dict[str, Any]
NEW = 1
"""The version of a record that nobody has changed yet."""


def now() -> Item:
    """The present as an attribute, in seconds."""
    return {"N": str(int(time.time()))}


def call_key(call_id: str, sk: str = "META") -> Item:
    return {"pk": {"S": f"CALL#{call_id}"}, "sk": {"S": sk}}


def open_key(call_id: str) -> Item:
    return {"pk": {"S": "OPEN"}, "sk": {"S": call_id}}


def idempotency_key(api_key: str, key: str) -> Item:
    return {"pk": {"S": f"KEY#{api_key}#{key}"}, "sk": {"S": "META"}}


def fleet_key(sk: str) -> Item:
    return {"pk": {"S": "FLEET"}, "sk": {"S": sk}}


def lease_key(call_id: str) -> Item:
    return fleet_key(f"LEASE#{call_id}")


SEATS = fleet_key("SEATS")
DO_NOT_CALL = "DNC"


def do_not_call_key(number: str) -> Item:
    return {"pk": {"S": DO_NOT_CALL}, "sk": {"S": number}}


def attempts_key(number: str, day: date) -> Item:
    return {"pk": {"S": f"NUMBER#{number}"}, "sk": {"S": f"DAY#{day.isoformat()}"}}


def record(call: Call, version: int) -> Item:
    expires = int((call.created_at + RETENTION).timestamp())
    return {
        **call_key(call.call_id),
        "call_id": {"S": call.call_id},
        "day": {"S": call.created_at.date().isoformat()},
        "version": {"N": str(version)},
        "active_leg": {"N": str(call.active_leg)},
        "expires_at": {"N": str(expires)},
        "document": {"S": call.model_dump_json()},
    }


def new_call(table: str, call: Call, idempotency: Idempotency | None) -> list[Any]:
    """The steps that keep a new call. The key is the last of them, if there is one."""
    steps = [
        {"Put": {"TableName": table, "Item": _open_item(call)}},
        _put_new(table, record(call, version=NEW)),
    ]
    if idempotency:
        steps.append(_put_new(table, _idempotency_item(call, idempotency)))
    return steps


def replaced(table: str, call: Call, read_version: int) -> Any:
    """The put of a changed record, on condition that nobody was faster."""
    return {
        "TableName": table,
        "Item": record(call, read_version + 1),
        "ConditionExpression": "version = :read",
        "ExpressionAttributeValues": {":read": {"N": str(read_version)}},
    }


def seat_freed(table: str, call_id: str) -> list[Any]:
    """The steps that give a seat back: on condition that it is still the call's, so only once.

    The count has no condition: if it were ever wrong, calls must be able to end all the same.
    """
    return [
        {
            "Delete": {
                "TableName": table,
                "Key": lease_key(call_id),
                "ConditionExpression": "attribute_exists(pk)",
            }
        },
        {
            "Update": {
                "TableName": table,
                "Key": SEATS,
                "UpdateExpression": "ADD #used :freed, moves :one",
                "ExpressionAttributeNames": {"#used": "used"},
                "ExpressionAttributeValues": {":freed": {"N": "-1"}, ":one": {"N": "1"}},
            }
        },
    ]


def _put_new(table: str, item: Item) -> Any:
    # An expired item may still lie there: DynamoDB deletes late.
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
            "ExpressionAttributeValues": {":now": now()},
        }
    }


def _idempotency_item(call: Call, idempotency: Idempotency) -> Item:
    # No `call_id` of the index's kind: without `day` the item is not in the index.
    expires = int((call.created_at + IDEMPOTENCY_TIME).timestamp())
    return {
        **idempotency_key(idempotency.api_key, idempotency.key),
        "call_id": {"S": call.call_id},
        "request_sha256": {"S": idempotency.request_sha256},
        "expires_at": {"N": str(expires)},
    }


def _open_item(call: Call) -> Item:
    expires = int((call.created_at + RETENTION).timestamp())
    return {**open_key(call.call_id), "expires_at": {"N": str(expires)}}


def lost_the_race(error: Any) -> bool:
    """Whether somebody else was faster, or is at it, or the table had no room for a transaction,
    which the SDK does not repeat by itself: then reading again and trying again helps."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if reasons & {"ConditionalCheckFailed", "TransactionConflict"}:
            return True
        return throttled(error)
    return code in ("ConditionalCheckFailedException", "TransactionConflictException")


def cancelled_by(error: Any, place: int) -> bool:
    """Whether the condition of the transaction's step at ``place`` is what failed."""
    reasons = error.response.get("CancellationReasons", [])
    return -len(reasons) <= place < len(reasons) and (
        reasons[place].get("Code") == "ConditionalCheckFailed"
    )
