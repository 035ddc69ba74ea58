"""What is posted to the user's own addresses: signed, guarded, and beside the event loop."""

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from calls.adapters.guarded_http import Answer, GuardedHttp
from calls.ports import Secrets
from calls.signature import HEADER, signature

SECONDS = 5.0
"""For a whole request, from the name to the answer's last byte."""
THREADS = 32
"""Of their own: whoever answers slowly holds up no call's record."""


class SignedHttp:
    """Posts JSON, as event webhooks are posted."""

    def __init__(
        self, secrets: Secrets, http: GuardedHttp | None = None, seconds: float = SECONDS
    ) -> None:
        """Without ``http``, the public internet. ``seconds`` is for a whole request."""
        self._http = http or GuardedHttp(seconds=SECONDS)
        self._secrets = secrets
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http")

    async def post(
        self, url: str, body: Mapping[str, Any], idempotency_key: str | None = None
    ) -> Answer:
        """The answer, whatever its status is.

        Args:
            idempotency_key: what a request that repeats this one has too, as its header of that
                name.

        Raises:
            GuardedRequestError: the address may not be asked, or nothing, or too much, came.
            TimeoutError: it took too long. The request may have arrived.
            SecretMissingError: there is no ``webhook-secret`` to sign with.
        """
        async with asyncio.timeout(self._seconds):
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._post, url, json.dumps(body, ensure_ascii=False).encode(),
                idempotency_key,
            )  # fmt: skip

    def _post(self, url: str, body: bytes, idempotency_key: str | None) -> Answer:
        headers = {
            "content-type": "application/json",
            "user-agent": "dialout",
            HEADER: signature(self._secrets.get("webhook-secret"), body, int(time.time())),
        }
        if idempotency_key:
            headers["idempotency-key"] = idempotency_key
        return self._http.post(url, body, headers)
