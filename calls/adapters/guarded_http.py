"""The one client for addresses that a user or an agent gives.

https only; the name is resolved once, every address of it has to be public, and the connection goes
to the one that was checked, so that a name cannot change its mind between check and use. No
redirects, small answers, short waits.
"""

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from calls.web_address import WebAddressError, https, public

MAX_ANSWER_BYTES = 256 * 1024
Resolver = Callable[[str, int], list[str]]


class GuardedRequestError(Exception):
    """The request was not made, or brought no answer. The message does not quote the address."""


class AddressRefusedError(GuardedRequestError):
    """The address may not be asked, now or later: not https, or not of the public internet."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever the status is."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """By name, in any case."""


def resolve(host: str, port: int) -> list[str]:
    """Every IP address of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class GuardedHttp:
    """Requests to the public internet, and to nowhere else."""

    def __init__(
        self,
        *,
        seconds: float = 5.0,
        resolver: Resolver = resolve,
        allowed: Callable[[str], bool] = public,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """A client. ``seconds`` is for a whole request, from the name to the answer's last byte."""
        self._seconds = seconds
        self._resolve = resolver
        self._allowed = allowed
        self._client = httpx.Client(
            timeout=seconds, follow_redirects=False, trust_env=False, transport=transport
        )

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send ``body``.

        Raises:
            AddressRefusedError: the address may not be asked.
            GuardedRequestError: nothing came, or too much.
        """
        return self._send("POST", url, body, headers)

    def get(self, url: str, headers: dict[str, str]) -> Answer:
        """As ``post``."""
        return self._send("GET", url, None, headers)

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        deadline = time.monotonic() + self._seconds
        try:
            parts = urlsplit(https(url))
            host, port = parts.hostname or "", parts.port or 443
            pinned = httpx.URL(url).copy_with(host=self._checked(host, port))
            with self._client.stream(
                method,
                pinned,
                content=body,
                headers={**headers, "host": parts.netloc},
                # The certificate has to be the name's, not the address's.
                extensions={"sni_hostname": host},
            ) as answer:
                return Answer(answer.status_code, self._read(answer, deadline), answer.headers)
        except WebAddressError as error:
            raise AddressRefusedError(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise GuardedRequestError(f"no answer: {type(error).__name__}") from error

    def _checked(self, host: str, port: int) -> str:
        addresses = self._resolve(host, port)
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise WebAddressError("the address is not a public one")
        return addresses[0]

    @staticmethod
    def _read(answer: httpx.Response, deadline: float) -> bytes:
        read = b""
        for piece in answer.iter_bytes():
            read += piece
            if len(read) > MAX_ANSWER_BYTES:
                raise GuardedRequestError("the answer is too long")
            if time.monotonic() > deadline:
                raise GuardedRequestError("the answer took too long")
        return read
