"""The campaigns in DynamoDB, in the table of the call records.

    one campaign       get    pk=CAMPAIGN#<id>                 sk=META           consistent
    all, newest first  query  pk=CAMPAIGNS                     sk=CAMPAIGN#<id>
    those still open   query  pk=CAMPAIGNS                     sk=OPEN#<id>
    idempotency        get    pk=CAMPAIGN-KEY#<api key>#<key>  sk=META

Their contacts are in ``dynamodb_contacts``, how many there are in which state in
``dynamodb_tallies``, the attempts that ended lately in ``dynamodb_recent_attempts``.
"""

from collections.abc import Callable
from typing import Any

from calls.adapters import dynamodb_items as items
from calls.adapters.dynamodb import ContentionError
from calls.adapters.dynamodb_contacts import DynamoContacts
from calls.adapters.dynamodb_recent_attempts import DynamoRecentAttempts
from calls.adapters.dynamodb_table import ATTEMPTS, if_version, wait
from calls.campaign import Campaign
from calls.campaign_ports import CampaignNotFoundError, CampaignTakenError
from calls.ports import Idempotency


class DynamoCampaigns(DynamoContacts, DynamoRecentAttempts):
    """``calls.campaign_ports.Campaigns`` on DynamoDB."""

    def create(self, campaign: Campaign, idempotency: Idempotency | None = None) -> None:
        """See the port."""
        steps = [self._put(item) for item in _items(campaign, version=1)]
        steps[0]["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
        steps.append(self._put(_open_item(campaign)))
        if idempotency:
            key = self._put(_key_item(campaign, idempotency))
            # An expired item may still lie there: DynamoDB deletes late.
            key["Put"]["ConditionExpression"] = "attribute_not_exists(pk) OR expires_at <= :now"
            key["Put"]["ExpressionAttributeValues"] = {":now": items.now()}
            steps.append(key)
        for attempt in range(ATTEMPTS):
            if idempotency:
                self._check_unused(idempotency)
            if self._written(steps):
                return
            wait(attempt)
        raise ContentionError(f"campaign {campaign.campaign_id} could not be written")

    def get(self, campaign_id: str) -> Campaign:
        """See the port."""
        return self._read(campaign_id)[0]

    def update(self, campaign_id: str, change: Callable[[Campaign], Campaign]) -> Campaign:
        """See the port.

        Raises:
            ContentionError: others were faster each time.
        """
        for attempt in range(ATTEMPTS):
            campaign, version = self._read(campaign_id)
            changed = change(campaign)
            if changed == campaign:
                return campaign
            steps = [self._put(item) for item in _items(changed, version + 1)]
            if self._written([if_version(steps[0], version), *steps[1:]]):
                return changed
            wait(attempt)
        raise ContentionError(f"campaign {campaign_id} is being changed by too many at once")

    def newest(self, *, limit: int, before: str | None = None) -> list[Campaign]:
        """See the port."""
        # Between takes both ends: `before` is left out below.
        found = self._query(
            "CAMPAIGNS", "CAMPAIGN#", f"CAMPAIGN#{before or 'Z'}", limit=limit + 1, forward=False
        )
        campaigns = [Campaign.model_validate_json(item["document"]["S"]) for item in found]
        return [each for each in campaigns if each.campaign_id != before][:limit]

    def open(self) -> list[str]:
        """See the port."""
        found = self._query("CAMPAIGNS", "OPEN#", "OPEN$")
        return [item["sk"]["S"].removeprefix("OPEN#") for item in found]

    def close(self, campaign_id: str) -> None:
        """See the port."""
        self._client.delete_item(TableName=self._table, Key=_open_key(campaign_id))

    def _read(self, campaign_id: str) -> tuple[Campaign, int]:
        item = self._get(_campaign_key(campaign_id))
        if item is None:
            raise CampaignNotFoundError(campaign_id)
        return Campaign.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def _check_unused(self, idempotency: Idempotency) -> None:
        item = self._get(_idempotency_key(idempotency))
        if item is not None:
            raise CampaignTakenError(item["campaign_id"]["S"], item["request_sha256"]["S"])


def _campaign_key(campaign_id: str) -> items.Item:
    return {"pk": {"S": f"CAMPAIGN#{campaign_id}"}, "sk": {"S": "META"}}


def _open_key(campaign_id: str) -> items.Item:
    return {"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"OPEN#{campaign_id}"}}


def _items(campaign: Campaign, version: int) -> list[items.Item]:
    """The campaign, and its place among all."""
    content: items.Item = {
        "document": {"S": campaign.model_dump_json()},
        "version": {"N": str(version)},
        "expires_at": _expires(campaign),
    }
    listed = {"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"CAMPAIGN#{campaign.campaign_id}"}}
    return [{**_campaign_key(campaign.campaign_id), **content}, {**listed, **content}]


def _open_item(campaign: Campaign) -> items.Item:
    return {**_open_key(campaign.campaign_id), "expires_at": _expires(campaign)}


def _expires(campaign: Campaign) -> Any:
    return {"N": str(int((campaign.created_at + items.RETENTION).timestamp()))}


def _idempotency_key(idempotency: Idempotency) -> items.Item:
    pk = f"CAMPAIGN-KEY#{idempotency.api_key}#{idempotency.key}"
    return {"pk": {"S": pk}, "sk": {"S": "META"}}


def _key_item(campaign: Campaign, idempotency: Idempotency) -> items.Item:
    expires = int((campaign.created_at + items.IDEMPOTENCY_TIME).timestamp())
    return {
        **_idempotency_key(idempotency),
        "campaign_id": {"S": campaign.campaign_id},
        "request_sha256": {"S": idempotency.request_sha256},
        "expires_at": {"N": str(expires)},
    }
