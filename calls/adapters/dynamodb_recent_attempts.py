"""The attempts of a campaign that ended lately, in DynamoDB, in the table of the call records.

attempts that ended  get  pk=CAMPAIGN#<id>  sk=RECENT
"""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import ContentionError
from calls.adapters.dynamodb_table import ATTEMPTS, DynamoTable, wait
from calls.campaign import Finished

RECENT = 100
"""Attempts that are remembered: as many as a breaker looks at."""


class DynamoRecentAttempts(DynamoTable):
    """The recent attempts' part of ``calls.campaign_ports.Campaigns``."""

    def finish(self, campaign_id: str, ended: Sequence[Finished]) -> list[Finished]:
        """See the port."""
        from botocore.exceptions import ClientError

        for attempt in range(ATTEMPTS):
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
            wait(attempt)
        raise ContentionError(f"attempts of campaign {campaign_id} end faster than they are kept")

    def recent(self, campaign_id: str) -> list[Finished]:
        """See the port."""
        return _finished(self._get(_recent_key(campaign_id)))

    def forget(self, campaign_id: str) -> None:
        """See the port."""
        self._client.delete_item(TableName=self._table, Key=_recent_key(campaign_id))


def _recent_key(campaign_id: str) -> items.Item:
    return {"pk": {"S": f"CAMPAIGN#{campaign_id}"}, "sk": {"S": "RECENT"}}


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
