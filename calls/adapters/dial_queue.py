"""The queues in which calls wait for a seat: SQS."""

from typing import TYPE_CHECKING

from calls.waiting import Waiting

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class DialQueue:
    """``calls.ports.DialQueue`` on a standard queue."""

    def __init__(self, url: str, client: "SQSClient | None" = None) -> None:
        """A queue that exists."""
        self._url = url
        self._client = client

    def put(self, waiting: Waiting, delay_seconds: int) -> None:
        """See the port."""
        if self._client is None:
            import boto3  # here, and not at once: most requests never wait

            self._client = boto3.client("sqs")
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=waiting.model_dump_json(),
            DelaySeconds=delay_seconds,
        )
