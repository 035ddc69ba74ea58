"""The schedules in DynamoDB, in the table of the call records.

    one schedule         get    pk=SCHEDULE#<id>                 sk=META           consistent
    all, newest first    query  pk=SCHEDULES                     sk=SCHEDULE#<id>
    of a number          query  pk=NUMBER#<number>               sk=SCHEDULE#<id>
    idempotency          get    pk=SCHEDULE-KEY#<api key>#<key>  sk=META

The first three are written together and hold the same ``document``; the first has its ``version``.
They expire some time after the schedule's last call, and never while it recurs without an end.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from calls.adapters import aws
from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import ContentionError
from calls.ports import Idempotency, ScheduleNotFoundError, ScheduleTakenError
from calls.schedule import Schedule

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 8
_STANDS = "attribute_not_exists(expires_at) OR expires_at > :now"


class DynamoSchedules:
    """``calls.ports.Schedules`` on DynamoDB."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        """A table that exists. Without a client, one from the environment."""
        self._table = table
        self._client: DynamoDBClient = client or aws.client("dynamodb")

    def create(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        from botocore.exceptions import ClientError

        steps = [self._put(item) for item in _items(schedule, version=1)]
        steps[0]["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        if idempotency:
            key = self._put(_key_item(schedule, idempotency))
            # An expired item may still lie there: DynamoDB deletes late.
            key["Put"]["ConditionExpression"] = "attribute_not_exists(pk) OR expires_at <= :now"
            key["Put"]["ExpressionAttributeValues"] = {":now": items.now()}
            steps.append(key)
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
        raise ContentionError(f"schedule {schedule.schedule_id} could not be written")

    def check_unused(self, idempotency: Idempotency) -> None:
        """See the port."""
        item = self._get(_idempotency_key(idempotency))
        if item is not None:
            raise ScheduleTakenError(item["schedule_id"]["S"], item["request_sha256"]["S"])

    def get(self, schedule_id: str) -> Schedule:
        """See the port."""
        return self._read(schedule_id)[0]

    def update(self, schedule_id: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        """See the port.

        Raises:
            ContentionError: others were faster each time.
        """
        from botocore.exceptions import ClientError

        for attempt in range(_ATTEMPTS):
            schedule, version = self._read(schedule_id)
            changed = change(schedule)
            if changed == schedule:
                return schedule
            try:
                self._client.transact_write_items(
                    TransactItems=self._replaced(schedule, changed, version)
                )
            except ClientError as error:
                if not items.lost_the_race(error):
                    raise
            else:
                return changed
            _wait(attempt)
        raise ContentionError(f"schedule {schedule_id} is being changed by too many at once")

    def delete(self, schedule: Schedule, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        keys = [*_keys(schedule)]
        if idempotency:
            keys.append(_idempotency_key(idempotency))
        self._client.transact_write_items(TransactItems=[self._delete(key) for key in keys])

    def newest(
        self, *, limit: int, before: str | None = None, to_number: str | None = None
    ) -> list[Schedule]:
        """See the port."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            # No id is above Z. Between takes both ends: `before` is left out below.
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            FilterExpression=_STANDS,
            ExpressionAttributeValues={
                ":pk": {"S": _listing(to_number)},
                ":first": {"S": "SCHEDULE#"},
                ":last": {"S": f"SCHEDULE#{before or 'Z'}"},
                ":now": items.now(),
            },
            ScanIndexForward=False,
            ConsistentRead=True,
            PaginationConfig={"MaxItems": limit + 1},
        )
        found = [
            Schedule.model_validate_json(item["document"]["S"])
            for page in pages
            for item in page["Items"]
        ]
        return [schedule for schedule in found if schedule.schedule_id != before][:limit]

    def _replaced(self, before: Schedule, after: Schedule, version: int) -> list[Any]:
        steps = [self._put(item) for item in _items(after, version + 1)]
        steps[0]["Put"]["ConditionExpression"] = "version = :read"
        steps[0]["Put"]["ExpressionAttributeValues"] = {":read": {"N": str(version)}}
        if before.request.to_number != after.request.to_number:
            steps.append(self._delete(_keys(before)[-1]))
        return steps

    def _read(self, schedule_id: str) -> tuple[Schedule, int]:
        item = self._get(_schedule_key(schedule_id))
        if item is None:
            raise ScheduleNotFoundError(schedule_id)
        return Schedule.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def _get(self, key: items.Item) -> items.Item | None:
        """An item that has not expired (a consistent read)."""
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get(
            "Item"
        )
        expires = item and item.get("expires_at")
        return None if expires and int(expires["N"]) <= time.time() else item

    def _put(self, item: items.Item) -> Any:
        return {"Put": {"TableName": self._table, "Item": item}}

    def _delete(self, key: items.Item) -> Any:
        return {"Delete": {"TableName": self._table, "Key": key}}


def _schedule_key(schedule_id: str) -> items.Item:
    return {"pk": {"S": f"SCHEDULE#{schedule_id}"}, "sk": {"S": "META"}}


def _listing(number: str | None) -> str:
    return "SCHEDULES" if number is None else f"NUMBER#{number}"


def _keys(schedule: Schedule) -> tuple[items.Item, items.Item, items.Item]:
    """The schedule's own, its place among all, and among those of its number."""
    sk = {"S": f"SCHEDULE#{schedule.schedule_id}"}
    return (
        _schedule_key(schedule.schedule_id),
        {"pk": {"S": _listing(None)}, "sk": sk},
        {"pk": {"S": _listing(schedule.request.to_number)}, "sk": sk},
    )


def _items(schedule: Schedule, version: int) -> list[items.Item]:
    content: items.Item = {
        "document": {"S": schedule.model_dump_json()},
        "version": {"N": str(version)},
    }
    last = _last_news(schedule)
    if last is not None:
        content["expires_at"] = {"N": str(int((last + items.RETENTION).timestamp()))}
    return [{**key, **content} for key in _keys(schedule)]


def _last_news(schedule: Schedule) -> datetime | None:
    """When it changes for the last time, as far as can be told; None: that cannot be told."""
    if schedule.over:
        return schedule.updated_at
    last = schedule.when.once or schedule.when.ends
    return last and max(last, schedule.updated_at)


def _idempotency_key(idempotency: Idempotency) -> items.Item:
    pk = f"SCHEDULE-KEY#{idempotency.api_key}#{idempotency.key}"
    return {"pk": {"S": pk}, "sk": {"S": "META"}}


def _key_item(schedule: Schedule, idempotency: Idempotency) -> items.Item:
    expires = int((schedule.created_at + items.IDEMPOTENCY_TIME).timestamp())
    return {
        **_idempotency_key(idempotency),
        "schedule_id": {"S": schedule.schedule_id},
        "request_sha256": {"S": idempotency.request_sha256},
        "expires_at": {"N": str(expires)},
    }


def _wait(attempt: int) -> None:
    longest = 0.02 * 2 ** min(attempt, 5)
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 -- no secret
