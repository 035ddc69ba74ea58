"""The secrets in SSM's Parameter Store, SecureStrings under one prefix, read in one request."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from calls.ports import SecretMissingError

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

MAX_AGE_SECONDS = 300
"""A rotated secret is in use everywhere after so long."""


class ParameterStore:
    """``calls.ports.Secrets`` on SSM."""

    def __init__(
        self,
        prefix: str,
        client: "SSMClient | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The parameters below ``prefix``, which has no trailing slash."""
        import boto3  # here: see DynamoCallRecords

        self._prefix = prefix
        self._client: SSMClient = client or boto3.client("ssm")
        self._clock = clock
        self._values: dict[str, str] = {}
        self._read_at = float("-inf")

    def get(self, name: str) -> str:
        """See the port. At most MAX_AGE_SECONDS old."""
        if self._clock() - self._read_at > MAX_AGE_SECONDS or name not in self._values:
            self._read()
        try:
            return self._values[name]
        except KeyError:
            raise SecretMissingError(
                f"the secret {self._prefix}/{name} is not set; set it with `dialout secrets set`"
            ) from None

    def _read(self) -> None:
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=self._prefix, Recursive=True, WithDecryption=True
        )
        self._values = {
            parameter["Name"].removeprefix(f"{self._prefix}/"): parameter["Value"]
            for page in pages
            for parameter in page["Parameters"]
        }
        self._read_at = self._clock()
