"""The queue of calls that ring and are to be prepared: SQS."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calls.preparation import Preparation

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class PrepareQueue:
    """``calls.ports.PrepareQueue`` on a standard queue."""

    def __init__(self, url: str, client: "SQSClient | None" = None) -> None:
        """A queue that exists."""
        self._url = url
        self._made = client

    @property
    def _client(self) -> "SQSClient":
        if self._made is None:
            import boto3  # here, and not at once: see DialQueue

            self._made = boto3.client("sqs")
        return self._made

    def put(self, call_id: str) -> None:
        """See the port."""
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps({"call_id": call_id}))

    def take(self, seconds: int) -> list[Preparation]:
        """See the port."""
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=seconds,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return [
            Preparation(
                call_id=json.loads(message["Body"])["call_id"],
                asked_at=datetime.fromtimestamp(
                    int(message["Attributes"]["SentTimestamp"]) / 1000, UTC
                ),
                receipt=message["ReceiptHandle"],
            )
            for message in answer.get("Messages", [])
        ]

    def done(self, preparation: Preparation) -> None:
        """See the port."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=preparation.receipt)

    def give_back(self, preparation: Preparation) -> None:
        """See the port."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=preparation.receipt, VisibilityTimeout=0
        )
