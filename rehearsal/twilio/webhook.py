"""Signed requests to the product, with Twilio's patience: 5 s to connect, 15 s in all."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import aiohttp
from yarl import URL

from .call import Call, Clock
from .call_request import Address
from .signature import sign

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0


class WebhookError(Exception):
    """No usable answer.

    Attributes:
        code: Twilio's: 11200 an error status, 11205 no connection, 11200 also for a timeout.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What the product answered."""

    status: int
    text: str
    content_type: str


class Webhooks:
    """Sends webhooks; what becomes of each stands in its call's events, bodies never."""

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        call: Call,
        faults: Mapping[str, Mapping[str, Any]],
        address: Address,
        parameters: Mapping[str, str],
    ) -> Answer:
        """Send, and send once more if no connection came about; 2xx or an error.

        Raises:
            WebhookError: no answer, or one that is not 2xx.
        """
        path = urlsplit(address.url).path
        struck = {name for name, detail in faults.items() if _meant(detail, path, parameters)}
        if "webhook_lost" in struck:
            call.events.add(self._clock.now(), "webhook_lost", {"path": path})
            raise WebhookError(11205, "lost by order")
        if "webhook_delay" in struck:
            await asyncio.sleep(faults["webhook_delay"].get("seconds", 3.0))
        if "webhook_duplicate" in struck:
            await self._attempts(call, address, parameters)
        answer = await self._attempts(call, address, parameters)
        if not 200 <= answer.status < 300:
            raise WebhookError(11200, f"{path} answered {answer.status}")
        return answer

    async def fetch(self, url: str) -> tuple[int, bytes]:
        """Get something that a verb names, as ``<Play>`` does.

        Raises:
            WebhookError: 11205, no answer.
        """
        try:
            async with self._client().get(URL(url, encoded=True)) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WebhookError(11205, type(error).__name__) from error

    async def _attempts(
        self, call: Call, address: Address, parameters: Mapping[str, str]
    ) -> Answer:
        token = str(uuid4())  # the same on the second attempt, so that it can be recognised
        for attempt in (1, 2):
            try:
                return await self._attempt(call, address, parameters, token)
            except WebhookError as error:
                if attempt == 2 or error.code != 11205:
                    raise
        raise AssertionError("unreachable")

    async def _attempt(
        self, call: Call, address: Address, parameters: Mapping[str, str], token: str
    ) -> Answer:
        path = urlsplit(address.url).path
        began = time.monotonic()
        call.events.add(self._clock.now(), "webhook_sent", {"path": path, **_about(parameters)})
        try:
            answer = await self._request(address, parameters, token)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            connecting = isinstance(
                error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
            )
            code = 11205 if connecting else 11200
            detail = {"path": path, "error": code, "why": type(error).__name__}
            call.events.add(self._clock.now(), "webhook_failed", detail)
            raise WebhookError(code, f"{path}: {type(error).__name__}") from error
        took = round((time.monotonic() - began) * 1000, 1)
        detail = {"path": path, "status": answer.status, "ms": took}
        call.events.add(self._clock.now(), "webhook_answered", detail)
        return answer

    async def _request(self, address: Address, parameters: Mapping[str, str], token: str) -> Answer:
        url = address.url.partition("#")[0]
        form: Mapping[str, str] | None = parameters
        if address.method == "GET":
            url += ("&" if "?" in url else "?") + urlencode(parameters)
            form = None
        headers = {
            "X-Twilio-Signature": sign(self._token, url, form or {}),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        # `encoded`: what is signed must be what is sent, to the letter.
        target = URL(url, encoded=True)
        async with self._client().request(
            address.method, target, data=form, headers=headers, allow_redirects=True
        ) as response:
            return Answer(response.status, await response.text(), response.content_type)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
            # A connection each: a kept one that the product closes as it is used would look like
            # a failure of the product, and POST is not tried again for that.
            self._session = aiohttp.ClientSession(
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
            )
        return self._session


def _meant(detail: Mapping[str, Any], path: str, parameters: Mapping[str, str]) -> bool:
    """Whether a fault strikes this webhook."""
    status = parameters.get("CallStatus")
    return detail.get("path", "") in path and detail.get("status", status) == status


def _about(parameters: Mapping[str, str]) -> dict[str, str]:
    """What may be seen of a webhook: which report it is, never its addresses or numbers."""
    known = {"CallStatus": "status", "StreamEvent": "stream", "RecordingStatus": "recording"}
    return {name: parameters[key] for key, name in known.items() if key in parameters}
