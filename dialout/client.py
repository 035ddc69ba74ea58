"""The Python client of the public HTTP API.

>>> from dialout import Client
>>> with Client("https://abc.execute-api.us-east-1.amazonaws.com", key) as dialout:
...     placed = dialout.call("+15550100001", variables={"customer_name": "Sarah"})
...     print(dialout.get(placed.call_id).status)
"""

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from dialout.problem import ApiError, UnreachableError
from dialout.record import CallRecord, Page, PlacedCall

_WAITS = (0.5, 2.0)
"""Seconds before each further try."""


class Client:
    """Places calls, and tells what became of them. Not to be shared by threads.

    Every method raises ``ApiError`` where the API refuses, and ``UnreachableError`` where it does
    not answer. A lost connection is tried again twice; no try phones a second time.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 35.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """A client of the API at ``url`` with one of its keys; ``timeout`` in seconds a try.

        ``transport`` and ``sleep`` are for tests.
        """
        self._key = key
        self._sleep = sleep
        self._http = httpx.Client(base_url=url.rstrip("/"), timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        to_number: str,
        *,
        from_number: str | None = None,
        agent: str | None = None,
        variables: Mapping[str, str | int | float | bool] | None = None,
        max_call_seconds: int | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        **more: Any,
    ) -> PlacedCall:
        """Phone ``to_number`` (E.164).

        Args:
            idempotency_key: requests with the same one phone once, within 24 h. By default each
                ``call()`` makes its own, for its own tries.
            more: further fields of the API's request, as they are.
        """
        body = {
            "to_number": to_number,
            "from_number": from_number,
            "agent": agent,
            "variables": dict(variables) if variables else None,
            "max_call_seconds": max_call_seconds,
            "metadata": dict(metadata) if metadata else None,
            **more,
        }
        answer = self._ask(
            "POST",
            "/dialout",
            json={name: value for name, value in body.items() if value is not None},
            headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())},
        )
        return PlacedCall.model_validate_json(answer.content)

    def get(self, call_id: str) -> CallRecord:
        """The record of a call, with its transcript so far."""
        answer = self._ask("GET", f"/calls/{quote(call_id, safe='')}")
        return CallRecord.model_validate_json(answer.content)

    def list(
        self,
        *,
        status: str | None = None,
        agent: str | None = None,
        since: datetime | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Page:
        """Calls, newest first; ``since`` with its time zone, ``limit`` up to 100."""
        asked = {
            "status": status,
            "agent": agent,
            "since": since.isoformat() if since else None,
            "limit": limit,
            "cursor": cursor,
        }
        params = {name: value for name, value in asked.items() if value is not None}
        return Page.model_validate_json(self._ask("GET", "/calls", params=params).content)

    def hang_up(self, call_id: str) -> CallRecord:
        """Stop the ringing, or hang up. A call that has ended is an ``ApiError``, 409."""
        answer = self._ask("DELETE", f"/calls/{quote(call_id, safe='')}")
        return CallRecord.model_validate_json(answer.content)

    def recording(self, call_id: str) -> bytes:
        """The recording as WAV: the callee on the left, the agent on the right."""
        moved = self._ask("GET", f"/calls/{quote(call_id, safe='')}/recording")
        address = moved.headers["Location"]
        try:
            # Another host: our key is not for it.
            found = self._http.get(address)
        except httpx.TransportError as error:
            raise UnreachableError("the recording's address does not answer") from error
        if found.status_code != 200:
            raise ApiError(found.status_code, f"http_{found.status_code}", "the recording is gone")
        return found.content

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._key}", **more.pop("headers", {})}
        for wait in (*_WAITS, None):
            try:
                answer = self._http.request(method, path, headers=headers, **more)
            except httpx.TransportError as error:
                # A second DELETE could be told that the call has ended already: by the first.
                sure = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if wait is None or (method == "DELETE" and not sure):
                    raise UnreachableError(
                        f"the API at {self._http.base_url.host} does not answer"
                    ) from error
            else:
                if wait is None or method == "DELETE" or not _is_the_gateways(answer):
                    return _checked(answer)
            self._sleep(wait)
        raise AssertionError("the last try returns or raises")


def _is_the_gateways(answer: httpx.Response) -> bool:
    """Whether it is the gateway's own trouble, and not what the product answered."""
    return answer.status_code in (502, 503, 504) and not _is_problem(answer)


def _is_problem(answer: httpx.Response) -> bool:
    return str(answer.headers.get("Content-Type")).startswith("application/problem+json")


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    status = answer.status_code
    if not _is_problem(answer):
        raise ApiError(status, f"http_{status}", "this is not how Dialout answers; is the URL its?")
    problem = answer.json()
    after = answer.headers.get("Retry-After", "")
    raise ApiError(
        status,
        str(problem.get("code", f"http_{status}")),
        str(problem.get("detail", "")),
        retry_after=float(after) if after.isdecimal() else None,
        fields=problem,
    )
