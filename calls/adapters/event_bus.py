"""The bus of the events of calls and campaigns: EventBridge."""

from typing import TYPE_CHECKING

from calls.call_event import CallEvent
from calls.campaign_event import CampaignEvent

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

SOURCE = "dialout"


class NotPublishedError(Exception):
    """The bus did not take the event; to be tried again."""


class EventBus:
    """Events on EventBridge: source ``dialout``, detail type the event's type."""

    def __init__(self, name: str, client: "EventBridgeClient | None" = None) -> None:
        """A bus that exists."""
        import boto3  # here: see DynamoCallRecords

        self._name = name
        self._client: EventBridgeClient = client or boto3.client("events")

    def publish(self, event: CallEvent | CampaignEvent) -> None:
        """Put the event on the bus.

        Raises:
            NotPublishedError: it was not taken.
        """
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": event.type,
                    "Time": event.at,
                    "Detail": event.model_dump_json(),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise NotPublishedError(answer["Entries"][0].get("ErrorCode", "unknown"))
