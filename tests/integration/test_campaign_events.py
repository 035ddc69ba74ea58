"""What the bus is told of a campaign: the table's stream, into the real handler."""

from typing import Any

import pytest

from calls.adapters.dynamodb_campaigns import _items
from calls.campaign import Campaign
from functions import announcer, wiring
from tests.contract.test_campaigns import AT, MINUTE, campaign
from tests.integration.gateway import Context

pytestmark = pytest.mark.usefixtures("cloud")


def change(before: Campaign | None, after: Campaign) -> dict[str, Any]:
    images = {"NewImage": _items(after, 2)[0]}
    if before is not None:
        images["OldImage"] = _items(before, 1)[0]
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "1", **images}}


def test_what_a_campaign_reaches_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[Any] = []

    class Bus:
        def publish(self, event: Any) -> None:
            published.append(event)

    monkeypatch.setattr(wiring, "event_bus", Bus)
    draft = campaign()
    begun = draft.start(AT)
    adding = begun.adding(AT + MINUTE)
    paused = adding.pause(AT + MINUTE, "10 of the last 20 attempts failed")
    again = paused.start(AT + 2 * MINUTE)
    records = [
        change(None, draft), change(draft, begun), change(begun, adding), change(adding, paused),
        change(paused, again), change(again, again.cancel(AT + 3 * MINUTE)),
    ]  # fmt: skip
    assert announcer.handler({"Records": records}, Context()) == {"batchItemFailures": []}
    assert [each.type for each in published] == [
        "campaign.started", "campaign.paused", "campaign.started", "campaign.cancelled",
    ]  # fmt: skip
    assert len({each.id for each in published}) == 4
    assert published[1].campaign["paused_because"] == "10 of the last 20 attempts failed"
    assert published[1].campaign["campaign_id"] == draft.campaign_id
