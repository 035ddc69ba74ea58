"""The recordings' bucket: a copy of what Twilio recorded, in the user's own account."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ADDRESS_SECONDS = 300


class RecordingStore:
    """Recordings in S3, one object a call."""

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        """A bucket that exists."""
        import boto3  # here: see DynamoCallRecords
        from botocore.config import Config

        self._bucket = bucket
        # The bucket's own region in each address: the global one would send on to it, and a page
        # that follows from one origin to another loses its own.
        config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        self._client: S3Client = client or boto3.client("s3", config=config)

    def has(self, call_id: str) -> bool:
        """Whether this call's recording is here."""
        from botocore.exceptions import ClientError

        try:
            self._client.head_object(Bucket=self._bucket, Key=_key(call_id))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def put(self, call_id: str, wav: bytes) -> None:
        """Keep a call's recording."""
        self._client.put_object(
            Bucket=self._bucket, Key=_key(call_id), Body=wav, ContentType="audio/wav"
        )

    def address(self, call_id: str) -> str:
        """A URL that anybody can fetch it from, for ADDRESS_SECONDS."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": _key(call_id)},
            ExpiresIn=ADDRESS_SECONDS,
        )


def _key(call_id: str) -> str:
    return f"recordings/{call_id}.wav"
