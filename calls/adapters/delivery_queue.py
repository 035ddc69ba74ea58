"""The queue of events that go to webhooks: SQS, which does all the waiting between attempts."""

import json
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class DeliveryQueue:
    """A standard queue with a dead-letter queue, as an event source sees it."""

    def __init__(self, arn: str, client: "SQSClient | None" = None) -> None:
        """The queue that messages came from (``eventSourceARN``)."""
        import boto3  # here: see DynamoCallRecords

        self._arn = arn
        self._client: SQSClient = client or boto3.client("sqs")

    def again(self, receipt: str, seconds: int) -> None:
        """Have a message that failed come up again after so long.

        Args:
            receipt: the message's ``receiptHandle``.
            seconds: less than twelve hours. 0 after the last attempt: SQS then makes it a dead
                letter.
        """
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
        )

    def give_up(self, body: str) -> None:
        """Put a copy among the dead letters at once; the message itself is then done with."""
        self._client.send_message(QueueUrl=self._dead_url, MessageBody=body)

    @cached_property
    def _url(self) -> str:
        return self._url_of(self._arn)

    @cached_property
    def _dead_url(self) -> str:
        answer = self._client.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["RedrivePolicy"]
        )
        policy = json.loads(answer["Attributes"]["RedrivePolicy"])
        return self._url_of(policy["deadLetterTargetArn"])

    def _url_of(self, arn: str) -> str:
        return self._client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
