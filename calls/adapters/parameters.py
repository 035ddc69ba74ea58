"""The secrets in SSM's Parameter Store, SecureStrings under one prefix, read in one request."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from calls.adapters import aws
from calls.ports import SecretMissingError

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

MAX_AGE_SECONDS = 300
"""A rotated secret is in use everywhere after so long."""
KEPT_SECONDS = 3600
"""While Parameter Store does not answer, what was read is used for so long: calls go on."""
_ASK_AGAIN_SECONDS = 30

log = logging.getLogger(__name__)


class ParameterStore:
    """``calls.ports.Secrets`` on SSM."""

    def __init__(
        self,
        prefix: str,
        client: "SSMClient | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The parameters below ``prefix``, which has no trailing slash."""
        self._prefix = prefix
        self._client: SSMClient = client or aws.client("ssm")
        self._clock = clock
        self._values: dict[str, str] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")

    def get(self, name: str) -> str:
        """See the port. At most MAX_AGE_SECONDS old, or KEPT_SECONDS if it cannot be read anew."""
        if name not in self._values:
            self._read()
        elif self._clock() - self._read_at > MAX_AGE_SECONDS:
            self._read_anew()
        try:
            return self._values[name]
        except KeyError:
            raise SecretMissingError(
                f"the secret {self._prefix}/{name} is not set; set it with `dialout secrets set`"
            ) from None

    def _read_anew(self) -> None:
        at = self._clock()
        may_be_old = at - self._read_at <= KEPT_SECONDS
        if may_be_old and at - self._asked_at <= _ASK_AGAIN_SECONDS:
            return
        self._asked_at = at
        try:
            self._read()
        except Exception as error:
            if not may_be_old or not aws.unavailable(error):
                raise
            log.warning("the secrets cannot be read anew; those of before are used")

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
